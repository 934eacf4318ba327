"""How far a forecast puts a video from its true place among all videos."""

from typing import ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from scipy.stats import rankdata

from viewcast.scoring.measure import Vector

DIGITS = 6  # of views: equal forecasts, which differ by rounding, stay equal


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RankPercentile:
    """|percentile of the forecast - percentile of what came|, in points of 100.

    Percentiles are ranks among all rows that are scored together, ties at their mean rank. Rizoiu
    et al. (2017), Expecting to be HIP, WWW, judge forecasts so, because views span many powers of
    ten. Rows of O outputs are ranked by their sums.
    """

    name: ClassVar[str] = "rank_percentile"
    label: ClassVar[str] = "error of the rank percentile"
    unit: ClassVar[str] = "points"

    def rows(self, prediction: Vector, target: Vector) -> Vector:
        """Points of each row (N,)."""
        return np.asarray(np.abs(_percentiles(prediction) - _percentiles(target)))


def _percentiles(views: Vector) -> Vector:
    return np.asarray(100 * rankdata(views.sum(axis=1).round(DIGITS)) / len(views))
