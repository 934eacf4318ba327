"""How far a forecast puts a video from its true place among all videos."""

from typing import ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.scoring.measure import Vector


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RankPercentile:
    """|percentile of the forecast - percentile of what came|, in points of 100.

    The percentile of a number of views is its place among the views that came to all rows which are
    scored together: the share of them below it, and half of those equal to it. So a forecast that
    is right in order and wrong in size is wrong. Rizoiu et al. (2017), Expecting to be HIP, WWW,
    judge forecasts by percentiles, because views span many powers of ten; this definition gives the
    figures that are printed for their forecasts. Rows of O outputs are placed by their sums.
    """

    name: ClassVar[str] = "rank_percentile"
    label: ClassVar[str] = "error of the rank percentile"
    unit: ClassVar[str] = "points"

    def rows(self, prediction: Vector, target: Vector) -> Vector:
        """Points of each row (N,)."""
        came = target.sum(axis=1)
        places = (_percentiles(views, np.sort(came)) for views in (prediction.sum(axis=1), came))
        return np.asarray(np.abs(np.subtract(*places)))


def _percentiles(views: Vector, ordered: Vector) -> Vector:
    """The places of views (N,) among those that came, in order."""
    below, upto = (np.searchsorted(ordered, views, side) for side in ("left", "right"))
    return np.asarray(50 * (below + upto) / len(ordered))
