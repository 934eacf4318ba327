"""The errors of kept forecasts: what the ledger said, beside what came.

Shape letters: O origins in order of time, H days ahead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.forecast.conformal import Intervals, log_errors
from viewcast.forecast.coverage import Coverage, coverages
from viewcast.forecast.ledger import Kept

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class KeptErrors:
    """The kept forecasts of one recipe and the days that came after them.

    ``lines``: (O,) the kept lines. ``actual``: (O, H) views, NaN for a day that is not known.
    """

    lines: tuple[Kept, ...]
    actual: Vector

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def origins(self) -> tuple[date, ...]:
        """The newest day that each forecast knew."""
        return tuple(line.origin for line in self.lines)

    @cached_property
    def backtest(self) -> NDArray[np.bool_]:
        """Whether each forecast (O,) was made after its days."""
        return np.array([line.backtest for line in self.lines], bool)

    @cached_property
    def forecast(self) -> Vector:
        """The forecasts (O, H), in views."""
        return np.array([line.views for line in self.lines]).reshape(self.actual.shape)

    @cached_property
    def log(self) -> Vector:
        """The log errors (O, H) of each day ahead: log(1 + views) less its forecast."""
        return log_errors(self.forecast, self.actual)[0]

    @cached_property
    def sums(self) -> Vector:
        """The log errors (O, H) of the sum of the first 1, 2, … H days."""
        return log_errors(self.forecast, self.actual)[1]

    @cached_property
    def losses(self) -> Vector:
        """The absolute errors (O, H), in views."""
        return np.abs(self.actual - self.forecast)

    def intervals(
        self, origin: date, level: float, half_life: float, habits: Iterable[date] = ()
    ) -> Intervals | None:
        """Intervals for a forecast from ``origin``; None where there are too few errors.

        Only days up to ``origin`` are used, and only forecasts from earlier ones. ``habits``: first
        days of confirmed changes of habit that the forecast knows. How far forecasts that did not
        know one were off from that day on says nothing of it.
        """
        ages = np.array([(origin - earlier).days for earlier in self.origins], np.float64)
        known = np.arange(1, self.actual.shape[1] + 1) <= ages[:, None]
        actual = np.where(known & ~self._surprised(habits), self.actual, np.nan)
        days, sums = log_errors(self.forecast, actual)
        past = ages > 0
        return Intervals.of(days[past], sums[past], ages[past], level, half_life)

    def _surprised(self, habits: Iterable[date]) -> NDArray[np.bool_]:
        """Whether each day (O, H) lies in a habit that its forecast did not know."""
        ahead = np.arange(1, self.actual.shape[1] + 1)
        targets = np.array([origin.toordinal() for origin in self.origins], int)[:, None] + ahead
        knew = [date.min if line.habit is None else line.habit for line in self.lines]
        found = np.zeros(targets.shape, bool)
        for since in habits:
            unknown = np.array([habit < since for habit in knew], bool)
            found |= unknown[:, None] & (targets >= since.toordinal())
        return found

    def inside(self) -> tuple[Vector, Vector]:
        """Whether each day (O, H), and the sum of the H days (O,), lay in its kept interval.

        1 or 0; NaN where it is not known, or no interval was kept.
        """
        none = (np.nan,) * self.actual.shape[1]
        low, high = (
            np.array([getattr(line, end) or none for line in self.lines]).reshape(self.actual.shape)
            for end in ("low", "high")
        )
        ends = np.array([line.total or (np.nan,) * 3 for line in self.lines]).reshape(-1, 3)
        total = self.actual.sum(axis=1)
        return _within(self.actual, low, high), _within(total, ends[:, 0], ends[:, 2])

    def coverage(self) -> list[Coverage]:
        """How often days, paths and sums lay in their kept intervals; see ``coverages``."""
        days, totals = self.inside()
        places = np.array([origin.toordinal() for origin in self.origins], np.int64)
        return coverages(days, totals, places)


def kept_errors(
    lines: Iterable[Kept],
    views: pd.Series,
    recipe: str,
    horizon: int,
    stand_in: str | None = None,
) -> KeptErrors:
    """The kept forecasts of ``recipe`` for ``horizon`` days (H) or more, beside ``views``.

    ``lines``: of the ledger and of the backtest, in any order. Of two lines of one origin that of
    the ledger counts: it was kept before its days. Of two of a backtest the later one counts.
    ``views``: by day, those that are settled; days may be missing. ``stand_in``: the recipe whose
    backtest stands in where ``recipe`` has no line, such as for SERVED.
    """
    chosen: dict[date, Kept] = {}
    for line in lines:
        wanted = line.recipe == recipe or (line.recipe == stand_in and line.backtest)
        if wanted and len(line.views) >= horizon:
            other = chosen.get(line.origin)
            if other is None or _rank(line, recipe) >= _rank(other, recipe):
                chosen[line.origin] = _first_days(line, horizon)
    kept = tuple(chosen[origin] for origin in sorted(chosen))
    return KeptErrors(kept, _after([line.origin for line in kept], views, horizon))


def _rank(line: Kept, recipe: str) -> tuple[bool, bool]:
    """The larger, the better."""
    return not line.backtest, line.recipe == recipe


def _after(origins: list[date], views: pd.Series, horizon: int) -> Vector:
    """The views (O, H) of the days after each origin, NaN where there are none."""
    if not origins:
        return np.empty((0, horizon))
    dense = views.astype(np.float64).asfreq("D")
    values = np.append(dense.to_numpy(), np.nan)
    first = dense.index[0].toordinal()
    starts = np.array([origin.toordinal() - first for origin in origins])
    places = starts[:, None] + np.arange(1, horizon + 1)
    return values[np.where((places < 0) | (places >= len(dense)), len(dense), places)]


def _first_days(line: Kept, horizon: int) -> Kept:
    """A line that was kept for more days, as one for ``horizon``; it has no interval of a sum."""
    if len(line.views) == horizon:
        return line
    low, high = (None if end is None else end[:horizon] for end in (line.low, line.high))
    shorter = {"views": line.views[:horizon], "low": low, "high": high, "total": None}
    return Kept(**{**vars(line), **shorter})


def _within(values: Vector, low: Vector, high: Vector) -> Vector:
    inside = (low <= values) & (values <= high)
    return np.where(np.isfinite(values) & np.isfinite(low), inside, np.nan)
