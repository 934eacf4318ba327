"""The alarm: kept errors that look like a change of habit, shown to a person who may know why.

Forecasts that were kept before a change miss all days after it, and in the same way. A viral day, a
holiday or a bad day miss once and are forgotten. So the alarm asks for misses that persist, in
units of the usual one, which is the median of |error| over the past year:

- level: of the last 5 to 7 days, forecast before the first of them, all but one missed on the same
  side, by more than 4 usual errors each;
- weekdays: the days of the last two weeks, each week forecast before it began, were missed on the
  same side as the same weekday of the other week, by more than 1.5 usual errors on average. Of each
  pair the smaller error counts, and 0 for a pair with two sides.

A viral day also throws off the forecasts after it. So the days must differ likewise from what was
before, which is for each weekday the median of its last four weeks.

The limits were chosen on simulated channels without a change, so that an alarm without reason is
rung at most once a year; ``benchmarks/bench_alarm.py`` shows the rates, and those on real ones.

An alarm moves nothing by itself: see ``viewcast.forecast.rebase``.

Shape letters: O origins, H days ahead, T nights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewcast.forecast.history import WEEK, History
from viewcast.forecast.rebase import likeliest_change

Array = NDArray[np.float64]

LEVEL_LIMIT, WEEKDAY_LIMIT = 4.0, 1.5  # in usual errors
FEWEST_DAYS = 5  # missed in a row, for a level
EXCEPTIONS = 1  # of these days
FEWEST_PATHS = 40  # of a week each, whose errors say what is usual
YEAR = 365  # days of origins that say what is usual
QUIET = 2 * WEEK  # days without a ring, after which the next ring is another alarm
WEEKS_BEFORE = 4  # that say what was before
BACK = {"level": 10, "weekdays": 3 * WEEK}  # newest days in which the change is looked for


@dataclass(frozen=True)
class Alarm:
    """A change that the kept errors show.

    ``since``: its likely first day. ``kind``: what seems to have changed. ``first``, ``last``: the
    newest day of the first and of the last night that rang. ``factor``: about how many times the
    forecast the days were. ``size``: of the errors, in usual ones.
    """

    since: date
    kind: Literal["level", "weekdays"]
    first: date
    last: date
    factor: float
    size: float

    def stands(self, newest: date) -> bool:
        """Whether it still rang within two weeks before ``newest``."""
        return (newest - self.last).days <= QUIET

    @property
    def sentence(self) -> str:
        """What was seen."""
        if self.kind == "level":
            times = f"{self.factor:.2g} times what was forecast, {self.size:.0f} usual errors off"
            return f"The days since {self.since} are about {times}."
        return f"The weekdays since {self.since} differ from the forecast alike in both weeks."


def alarms(
    origins: Sequence[date], errors: ArrayLike, history: History, nights: int | None = None
) -> list[Alarm]:
    """The alarms of all nights so far, or of the newest ``nights``, in order of time.

    ``origins`` (O,): in order of time. ``errors`` (O, H): log(1 + views) less its kept forecast,
    NaN where it is not known yet. ``history``: all days, moved to the confirmed habits. Rings that
    lie less than two weeks apart are one alarm. With H below 7 there is none.
    """
    values = np.asarray(errors, np.float64)
    if not len(values) or values.shape[1] < WEEK:
        return []
    start = origins[0]
    places = np.array([(origin - start).days for origin in origins])
    dense = np.full((int(places[-1]) + 1, WEEK), np.nan)
    dense[places] = values[:, :WEEK]
    found: list[Alarm] = []
    end = min(len(dense) + WEEK, (history.newest - start).days + 1)
    for night in range(max(2 * WEEK, 0 if nights is None else end - nights), end):
        newest = start + timedelta(days=night)
        ring = _ring(dense, night, history.until(newest).log)
        if ring is None:
            continue
        if found and found[-1].stands(newest):
            before = found[-1]
            found[-1] = Alarm(
                before.since, before.kind, before.first, newest, before.factor, before.size
            )
        else:
            kind, factor, size = ring
            since = likeliest_change(history.until(newest), BACK[kind])
            found.append(Alarm(since, kind, newest, newest, factor, size))
    return found


def _ring(
    errors: Array, night: int, log: Array
) -> tuple[Literal["level", "weekdays"], float, float] | None:
    """Kind, factor and size of what rings on a night; ``errors`` (T, 7) by day of origin.

    ``night``: its newest day by the same count. ``log`` (D,): log(1 + views) up to that day.
    """
    last = night - 2 * WEEK  # the last origin whose week lay before the last week
    past = errors[max(0, last + 1 - YEAR) : last + 1]
    past = past[np.isfinite(past).all(axis=1)]
    if len(past) < FEWEST_PATHS or len(log) < (WEEKS_BEFORE + 2) * WEEK:
        return None
    usual = float(np.median(np.abs(past))) or np.inf
    changed = _changed(log, WEEK)
    for days in range(WEEK, FEWEST_DAYS - 1, -1):
        missed = _kept(errors, night - days)[:days]
        middle = float(np.median(missed))
        least = np.sort(missed * np.sign(middle))[EXCEPTIONS] / usual  # NaN: no night kept it
        if least >= LEVEL_LIMIT and _changed_by(changed[-days:], middle) >= LEVEL_LIMIT * usual:
            return "level", float(np.exp(middle)), abs(middle) / usual
    weeks = [_kept(errors, night - WEEK), _kept(errors, last)]
    weeks += list(_changed(log, 2 * WEEK).reshape(2, WEEK))
    alike = _alike(np.array(weeks)) / usual
    if alike >= WEEKDAY_LIMIT:
        return "weekdays", float(np.exp(weeks[0].mean())), float(alike)
    return None


def _kept(errors: Array, origin: int) -> Array:
    """The errors (7,) of the forecast from an origin; NaN where none was kept."""
    return errors[origin] if 0 <= origin < len(errors) else np.full(WEEK, np.nan)


def _changed(log: Array, days: int) -> Array:
    """The newest ``days`` days less the median of their weekdays in the four weeks before."""
    before = log[-days - WEEKS_BEFORE * WEEK : -days].reshape(WEEKS_BEFORE, WEEK)
    return np.asarray(log[-days:] - np.resize(np.median(before, axis=0), days))


def _changed_by(changed: Array, side: float) -> float:
    """The median change, above 0 on the same side as ``side``."""
    return float(np.median(changed) * np.sign(side))


def _alike(misses: Array) -> float:
    """The mean over the seven weekdays of the least |miss| (4, 7), 0 where their sides differ."""
    same = np.abs(np.sign(misses).sum(axis=0)) == len(misses)
    return float(np.where(same, np.abs(misses).min(axis=0), 0.0).mean())
