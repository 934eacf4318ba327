"""Prediction intervals from the errors of kept forecasts.

Split conformal prediction with weights (Barber, Candès, Ramdas & Tibshirani, Annals of Statistics
2023, eq. 11): the interval of a forecast f is f · exp(±q) on 1 + views. q is the weighted quantile
of earlier absolute log errors, where the unknown error of the new forecast counts as infinite. An
error counts half after ``half_life`` nights, so intervals follow a channel that has become calmer
or wilder. The guarantee holds for exchangeable errors. Errors of days are not exchangeable: the
coverage is therefore measured and reported (``viewcast.forecast.coverage``).

Shape letters: O past origins, H days ahead, h the days of one forecast, up to H.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import DataError

Vector = NDArray[np.float64]
ROUNDING = 1e-9  # of a sum of weights


@dataclass(frozen=True)
class Intervals:
    """Half widths of intervals, in log(1 + views), that hold a share ``level`` of new days.

    ``days``: (H,) one per day ahead. ``sums``: (H,) of the sum of the first 1, 2, … H days.
    ``count``: how many past origins they come from.
    """

    level: float
    days: tuple[float, ...]
    sums: tuple[float, ...]
    count: int

    @classmethod
    def of(
        cls, days: Vector, sums: Vector, ages: Vector, level: float, half_life: float
    ) -> Self | None:
        """From log errors of past forecasts; None where there are too few for ``level``.

        ``days``: (O, H) of each day ahead. ``sums``: (O, H) of the sum of the first days. What is
        not known yet is NaN. ``ages``: (O,) nights from each past origin to the new one, above 0.
        At a level of 90 % about nine recent origins are needed.
        """
        weights = 0.5 ** (np.asarray(ages, np.float64) / half_life)
        of_days = [_quantile(errors, weights, level) for errors in np.abs(days).T]
        of_sums = [_quantile(errors, weights, level) for errors in np.abs(sums).T]
        if not np.isfinite([*of_days, *of_sums]).all():
            return None
        return cls(level, tuple(of_days), tuple(of_sums), len(days))

    def around(self, log: Vector) -> tuple[Vector, Vector]:
        """The ends (h,) and (h,), in views, of the intervals of a forecast log(1 + views) (h,).

        Refuses (DataError) more days than were measured.
        """
        width = np.array(self._measured(self.days, log))
        return np.maximum(np.expm1(log - width), 0), np.expm1(log + width)

    def total(self, log: Vector) -> tuple[float, float, float]:
        """Low, forecast and high, in views, of the sum of the days of a forecast (h,).

        Refuses (DataError) more days than were measured.
        """
        width = self._measured(self.sums, log)[-1]
        total = float(np.expm1(log).sum())
        return max((1 + total) * np.exp(-width) - 1, 0.0), total, (1 + total) * np.exp(width) - 1

    def plain(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return {
            "level": self.level, "days": [*self.days], "sums": [*self.sums], "count": self.count,
        }  # fmt: skip

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Self:
        """The inverse of ``plain``."""
        days, sums = tuple(plain["days"]), tuple(plain["sums"])
        return cls(plain["level"], days, sums, plain["count"])

    def _measured(self, widths: tuple[float, ...], log: Vector) -> tuple[float, ...]:
        if not 1 <= len(log) <= len(widths):
            raise DataError(
                f"found a forecast of {len(log)} days; the intervals of this version were measured "
                f"up to {len(widths)} days ahead: ask for 1 to {len(widths)}"
            )
        return widths[: len(log)]


def log_errors(forecast: Vector, actual: Vector) -> tuple[Vector, Vector]:
    """Log errors (O, H) of each day and of the sum of the first days: target less forecast.

    ``forecast``, ``actual``: views (O, H); NaN where a day is not known yet, and then in all sums
    that hold it.
    """
    days = np.log1p(actual) - np.log1p(forecast)
    sums = np.log1p(actual.cumsum(axis=1)) - np.log1p(forecast.cumsum(axis=1))
    return days, sums


def _quantile(errors: Vector, weights: Vector, level: float) -> float:
    """The weighted quantile of absolute errors (O,) and one that is infinite and of weight 1."""
    known = np.isfinite(errors)
    order = np.argsort(errors[known], kind="stable")
    reached = weights[known][order].cumsum()
    if not len(reached):
        return np.inf
    place = np.searchsorted(reached, level * (reached[-1] + 1) - ROUNDING)
    return float(errors[known][order][place]) if place < len(reached) else np.inf
