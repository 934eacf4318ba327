"""A simulated teaching channel: daily views with the patterns of a real one, and a known truth.

One day's views are the product of a deterministic rhythm (growth, weekday, term, holidays) and of a
memory of past random shocks::

    views_t  = round(rhythm_t * exp(memory_t))
    memory_t = kept_t * memory_{t-1} + noise * shock_t

``kept_t`` is smaller after a good surprise than after a bad one: a video that spreads is forgotten
sooner than a quiet period ends. A network of ReLUs can learn this nonlinearity, a linear model
cannot. Unlike that of a real channel, the same past can be continued in many simulations.
"""

import math
from datetime import date
from typing import Annotated

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.base.numbers import plain

Floats = npt.NDArray[np.float64]
Factor = Annotated[float, Field(gt=0)]
Depth = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")]

# The years of which the calendar of holidays knows the moon.
Day = Annotated[date, Field(ge=date(1950, 1, 1), le=date(2099, 12, 31))]
Seed = Annotated[int, Field(ge=0)]

DAYS_PER_YEAR = 365.25
MOST = 10**15  # views of a day: each is a whole number still


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class ChannelSimulator:
    """The parameters of one channel; depths and lifts are changes of the natural log of views.

    level: views per day on an ordinary day outside term at ``start``, > 0.
    growth: change of log views per year.
    weekday: seven factors of the views, Monday to Sunday, each > 0.
    terms: first and last day of each term as month-day pairs, such as ("09-15", "01-15").
    term_lift: gain of log views in the middle of a term, >= 0.
    term_ramp: days over which a term fades in and out (scale of a logistic curve), > 0.
    holiday_dip: loss of log views on a public holiday of Taiwan, >= 0.
    eve_dip: further loss of log views at Lunar New Year's Eve, >= 0.
    eve_width: days after which the dip at the Eve has fallen to 1/e, before and after it, > 0.
    noise: standard deviation of one day's surprise in log views, > 0.
    tail: degrees of freedom of the surprises' Student t, > 2; small is heavy-tailed.
    memory_high: share of yesterday's surprise that is left today if it was good, 0 <= share < 1.
    memory_low: the same share if it was bad.
    start: first simulated day, ISO date, 1950 to 2099.
    """

    level: Factor
    growth: float
    weekday: Annotated[tuple[Factor, ...], Field(min_length=7, max_length=7)]
    terms: tuple[tuple[MonthDay, MonthDay], ...]
    term_lift: Depth
    term_ramp: Factor
    holiday_dip: Depth
    eve_dip: Depth
    eve_width: Factor
    noise: Factor
    tail: Annotated[float, Field(gt=2)]
    memory_high: Share
    memory_low: Share
    start: Day = date(2017, 1, 1)

    def history(self, end: str, seed: int) -> pd.Series:
        """Views per day (int64, named "views") from ``start`` to the ISO date ``end``, inclusive.

        A later ``end`` only appends days: the same seed begins with the same views. Raises
        ConfigError for an ``end`` before ``start``, and parameters that give a day 10^15 views.
        """
        days = self._days(end)
        with np.errstate(all="ignore"):  # of what is too much: it is refused
            views = _views(self.rhythm(days), self._past(len(days), seed))
        return pd.Series(views, index=days, name="views")

    def simulations(
        self, end: str, days: int, simulations: int, seed: int, future_seed: int
    ) -> npt.NDArray[np.int64]:
        """Views per day of the ``days`` days after ``end``, shape (simulations, days).

        Every simulation continues ``history(end, seed)`` from its last memory, with shocks of its
        own; more simulations only append rows.
        """
        if days < 1 or simulations < 1:
            raise ConfigError(
                f"found {days} days in {simulations} simulations; expected at least one of each"
            )
        past = self._days(end)
        ahead = pd.date_range(past[-1], periods=days + 1, freq="D")[1:]
        shocks = self._shocks((simulations, days), seed, 1, future_seed)
        last = np.full(simulations, self._past(len(past), seed)[-1])
        return _views(self.rhythm(ahead), self._remember(shocks, last))

    def rhythm(self, days: pd.DatetimeIndex) -> Floats:
        """The views of each day without any shock, shape (len(days),)."""
        years = (days - pd.Timestamp(self.start)).days.to_numpy() / DAYS_PER_YEAR
        log = self.growth * years + self.term_lift * self._in_term(days)
        weekday = np.array(self.weekday)[days.day_of_week.to_numpy()]
        views: Floats = self.level * weekday * np.exp(log - self._holiday_loss(days))
        return views

    def _days(self, end: str) -> pd.DatetimeIndex:
        days = pd.date_range(self.start, end, freq="D")
        if days.empty:
            raise ConfigError(f"found end {end}; expected {self.start} (start) or later")
        return days

    def _in_term(self, days: pd.DatetimeIndex) -> Floats:
        inside = np.zeros(len(days))
        for year in range(days[0].year - 1, days[-1].year + 2):
            for first, last in self.terms:
                # A term whose last month comes before its first one ends in the next year.
                begin = pd.Timestamp(f"{year}-{first}")
                close = pd.Timestamp(f"{year + (last < first)}-{last}")
                inside += _logistic((days - begin).days.to_numpy() / self.term_ramp)
                inside -= _logistic((days - close).days.to_numpy() / self.term_ramp)
        return inside

    def _holiday_loss(self, days: pd.DatetimeIndex) -> Floats:
        # One more year on both sides: the dip of an Eve can reach across the end of a year.
        years = range(days[0].year - 1, days[-1].year + 2)
        calendar = holidays.country_holidays("TW", years=years, language="en_US")
        loss = self.holiday_dip * np.array([day in calendar for day in days.date], dtype=float)
        # From 2026 on the calendar has two days of that name; the later one is the Eve itself.
        # "(observed)" days, which stand in for an Eve on a weekend, do not end so.
        named = sorted(day for day, name in calendar.items() if name.endswith("New Year's Eve"))
        for eve in {day.year: day for day in named}.values():
            distance = np.abs((days - pd.Timestamp(eve)).days.to_numpy())
            loss += self.eve_dip * np.exp(-distance / self.eve_width)
        return loss

    def _past(self, days: int, seed: int) -> Floats:
        memory: Floats = self._remember(self._shocks((1, days), seed, 0), np.zeros(1))[0]
        return memory

    def _shocks(self, shape: tuple[int, int], seed: int, *stream: int) -> Floats:
        # A spawn key, not [seed, future_seed]: trailing zeros of a list would not change the seed.
        bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=stream))
        shocks: Floats = np.random.Generator(bits).standard_t(self.tail, size=shape)
        # Student's t has variance tail / (tail - 2); here it is scaled to variance 1.
        return shocks * math.sqrt((self.tail - 2) / self.tail)

    def _remember(self, shocks: Floats, state: Floats) -> Floats:
        memory = np.empty_like(shocks)
        for day in range(shocks.shape[1]):
            kept = np.where(state > 0, self.memory_high, self.memory_low)
            state = kept * state + self.noise * shocks[:, day]
            memory[:, day] = state
        return memory


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Simulated:
    """``conf/simulator.yaml``: the simulator behind a data set, its ``seed``, its last day
    (``end``), and the ``file`` it wrote.
    """

    seed: Seed
    end: Day
    file: str
    simulator: ChannelSimulator

    def views(self) -> pd.Series:
        """The history that the file holds. Raises ConfigError as ``history`` does."""
        return self.simulator.history(self.end.isoformat(), self.seed)


def _logistic(x: Floats) -> Floats:
    # The tanh form cannot overflow, however far a day is from a term.
    share: Floats = 0.5 * (1 + np.tanh(x / 2))
    return share


def _views(rhythm: Floats, memory: Floats) -> npt.NDArray[np.int64]:
    views = np.rint(rhythm * np.exp(memory))
    if not (views < MOST).all():
        raise ConfigError(
            f"simulator: a day has {plain(float(views.max()))} views, expected fewer than "
            f"{MOST:,}; lower level, growth or noise"
        )
    return views.astype(np.int64)
