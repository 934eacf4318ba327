"""Prediction intervals from past errors, and the coverage that such intervals had.

Split conformal prediction (Vovk, Gammerman & Shafer, 2005; Lei et al., JASA 2018, eq. 5) on the
errors of a walk-forward, separately for each day ahead and each side. Errors are in units of the
level of the channel, so a channel that has doubled gets intervals twice as wide. The guarantee
holds for exchangeable errors. Errors of days are not exchangeable: the coverage is therefore
measured and reported.

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
MIN_ORIGINS = 20  # fewer give no interval and no coverage
WEEK = 7  # days per block in the standard error of a coverage


@dataclass(frozen=True)
class Coverage:
    """The share ``covered`` of days that lay in intervals made before them.

    ``level``: the nominal share. ``error``: standard error, None where there are too few weeks.
    ``days``: how many one-day-ahead intervals were counted.
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
    """Bounds of the error, as shares of the channel's level, that hold a share ``level`` of days.

    ``low``, ``high``: (H,) one per day ahead. ``coverage``: the measured one of such intervals.
    """

    level: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    coverage: Coverage | None

    @classmethod
    def of(cls, errors: Vector, level: float) -> "Intervals | None":
        """From errors (N, H) of N origins in order; None for fewer than 20.

        An error is target less forecast, divided by the level of the channel.
        """
        if len(errors) < MIN_ORIGINS:
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
                f"found a request for {days} days; the intervals of this version were measured "
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
        measured = None if known is None else Coverage(**known)
        return cls(plain["level"], tuple(plain["low"]), tuple(plain["high"]), measured)


def bounds(errors: Vector, level: float) -> tuple[Vector, Vector]:
    """Bounds (H,) and (H,): at most (1 - level) / 2 of new errors are expected beyond each.

    They are the k-th smallest and the k-th largest of N errors (N, H), with
    k = ⌊(N + 1)(1 - level) / 2⌋. A new exchangeable error is beyond either with probability
    k / (N + 1). With few errors k is 0; the bounds are then the extreme errors, and the coverage is
    a little below ``level``.
    """
    count = len(errors)
    beyond = max(math.floor((count + 1) * (1 - level) / 2 + 1e-9), 1)
    ordered = np.sort(errors, axis=0)
    return ordered[beyond - 1], ordered[count - beyond]


def coverage(errors: Vector, level: float) -> Coverage | None:
    """The share of days that lay in the interval made from earlier days only.

    For each origin from the 21st on, the bounds one day ahead come from all errors before it. The
    standard error assumes that weeks are independent. None with fewer than 20 such origins.
    """
    of_tomorrow = errors[:, :1]
    inside = []
    for place in range(MIN_ORIGINS, len(errors)):
        low, high = bounds(of_tomorrow[:place], level)
        inside.append(low[0] <= of_tomorrow[place, 0] <= high[0])
    if len(inside) < MIN_ORIGINS:
        return None
    share = score(np.array(inside, dtype=np.float64), WEEK)
    assert share is not None, "there are at least 20"
    return Coverage(level, share.mean, share.error, share.rows)
