"""Intervals as a night makes them: conformal, from the errors of the forecasts of earlier nights.

Shape letters: O origins, H days ahead.
"""

import numpy as np
from forecast_scores import Forecasts, actual
from numpy.typing import NDArray

from viewcast.forecast.conformal import Intervals, log_errors

HALF_LIFE = 60.0  # nights
LEVEL = 0.9


def with_intervals(
    views: NDArray[np.float64], kept: Forecasts, origins: NDArray[np.int64]
) -> Forecasts:
    """The forecasts at some of the origins, with intervals from those before each of them whose
    days were known by then; unchanged where there are none.
    """
    found = kept.at(origins)
    if len(kept.origins) == len(origins):
        return found
    low, high = np.full_like(found.middle, np.nan), np.full_like(found.middle, np.nan)
    for row, origin in enumerate(origins):
        earlier = kept.origins < origin
        truth = actual(views[:origin], kept.origins[earlier], found.middle.shape[1])
        days, sums = log_errors(np.expm1(kept.middle[earlier]), truth)
        ages = (origin - kept.origins[earlier]).astype(float)
        intervals = Intervals.of(days, sums, ages, LEVEL, HALF_LIFE)
        if intervals is not None:
            ends = intervals.around(found.middle[row])
            low[row], high[row] = (np.log1p(end) for end in ends)
    return Forecasts(origins, found.middle, low, high, found.cpu)


def mean_of_logs(members: list[Forecasts]) -> Forecasts:
    """The combination at the origins that all members have; its CPU time is theirs together."""
    shared = members[0].origins
    for member in members[1:]:
        shared = np.intersect1d(shared, member.origins)
    middle = np.mean([member.at(shared).middle for member in members], axis=0)
    nothing = np.full_like(middle, np.nan)
    return Forecasts(shared, middle, nothing, nothing, sum(member.cpu for member in members))
