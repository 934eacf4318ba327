"""Prediction intervals from past errors, and whether such intervals have kept their promise.

Split conformal prediction (Vovk, Gammerman & Shafer, 2005; Lei et al., JASA 2018, eq. 5) of the
errors of a walk-forward, each horizon for itself and each side for itself, in units of the level
of the channel, so that a channel that has doubled gets intervals twice as wide. The guarantee is
for exchangeable errors, which days are not: the coverage is therefore measured, and told.

Shape letters: N past origins, H days ahead.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.scoring.scores import score

Vector = NDArray[np.float64]
FEWEST = 20  # origins below which nothing is said of how far forecasts are off
WEEK = 7  # days that belong together when the error of a coverage is measured


@dataclass(frozen=True)
class Coverage:
    """The share of days that fell into intervals made before them; its standard error (None where
    there are too few weeks), and how many days ahead of one day were judged.
    """

    level: float
    covered: float
    error: float | None
    days: int

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "level": self.level, "covered": self.covered, "error": self.error, "days": self.days,
        }  # fmt: skip


@dataclass(frozen=True)
class Intervals:
    """Errors, as shares of the level, that a share ``level`` of days lie between.

    ``low``, ``high``: (H,) one per day ahead. ``coverage``: what such intervals have covered.
    """

    level: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    coverage: Coverage | None

    @classmethod
    def of(cls, errors: Vector, level: float) -> "Intervals | None":
        """From errors (N, H), target less forecast by level, origins in order; None below 20."""
        if len(errors) < FEWEST:
            return None
        low, high = bounds(errors, level)
        return cls(level, tuple(low.tolist()), tuple(high.tolist()), coverage(errors, level))

    def around(self, forecast: Vector, level: float) -> tuple[Vector, Vector]:
        """Lower and upper bounds of a forecast (h,), h up to H, on a channel at ``level``.

        Refuses (DataError) more days than were measured.
        """
        days = len(forecast)
        if days > len(self.low):
            raise DataError(
                f"forecast of {days} days asked for; the intervals of this version were measured "
                f"up to {len(self.low)} days ahead: ask for {len(self.low)} or fewer"
            )
        low, high = (np.array(side[:days]) * level for side in (self.low, self.high))
        return np.maximum(forecast + low, 0), np.maximum(forecast + high, 0)

    def plain(self) -> dict[str, Any]:
        """As plain values, for a file."""
        known = None if self.coverage is None else self.coverage.plain()
        return {"level": self.level, "low": self.low, "high": self.high, "coverage": known}

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> "Intervals":
        """The inverse of ``plain``."""
        known = plain["coverage"]
        told = None if known is None else Coverage(**known)
        return cls(plain["level"], tuple(plain["low"]), tuple(plain["high"]), told)


def bounds(errors: Vector, level: float) -> tuple[Vector, Vector]:
    """Errors (H,) below and above which at most (1 - level) / 2 of new ones are expected.

    Of N errors (N, H) the k-th largest and the k-th smallest with k = ⌊(N + 1)(1 - level) / 2⌋:
    a new exchangeable one is beyond either with probability k / (N + 1). With few errors k is 0 and
    the most extreme ones are the bounds, which promise a little less than ``level``.
    """
    count = len(errors)
    beyond = max(math.floor((count + 1) * (1 - level) / 2 + 1e-9), 1)
    ordered = np.sort(errors, axis=0)
    return ordered[beyond - 1], ordered[count - beyond]


def coverage(errors: Vector, level: float) -> Coverage | None:
    """How often a day lay in the interval that only earlier days had made.

    For each origin from the 21st on, the bounds one day ahead from all errors before it. The
    standard error takes weeks for independent. None with fewer than 20 such origins.
    """
    of_tomorrow = errors[:, :1]
    inside = []
    for place in range(FEWEST, len(errors)):
        low, high = bounds(of_tomorrow[:place], level)
        inside.append(low[0] <= of_tomorrow[place, 0] <= high[0])
    if len(inside) < FEWEST:
        return None
    found = score(np.array(inside, dtype=np.float64), WEEK)
    assert found is not None, "there are at least 20"
    return Coverage(level, found.mean, found.error, found.rows)
