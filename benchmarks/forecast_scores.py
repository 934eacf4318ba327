"""How good forecasts were: MASE, sMAPE, coverage and interval score, one series at a time.

Shape letters: D days, O origins, H days ahead.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.history import WEEK

Floats = NDArray[np.float64]
NEWEST = 1600  # days; the figures that these are compared with were measured on so many
MISS = 0.1  # 1 - level of the intervals


@dataclass(frozen=True)
class Forecasts:
    """Of O origins: ``origins`` (O,), the number of days known; ``middle``, ``low``, ``high``
    (O, H) in log(1 + views), low and high NaN without intervals; ``cpu``: seconds per origin.
    """

    origins: NDArray[np.int64]
    middle: Floats
    low: Floats
    high: Floats
    cpu: float

    def at(self, origins: NDArray[np.int64]) -> "Forecasts":
        """Those of some origins."""
        rows = np.searchsorted(self.origins, origins)
        own = (each[rows] for each in (self.middle, self.low, self.high))
        return Forecasts(origins, *own, self.cpu)


def actual(views: Floats, origins: NDArray[np.int64], horizon: int) -> Floats:
    """The views (O, H) of the days after each origin, NaN where they are not known."""
    places = origins[:, None] + np.arange(horizon)
    known = places < len(views)
    return np.where(known, views[np.minimum(places, len(views) - 1)], np.nan)


def scale(views: Floats, first_origin: int) -> float:
    """The denominator of MASE (Hyndman and Koehler, 2006): the mean absolute error of the seasonal
    naive forecast on the days before the first origin, among the newest 1,600 of the series.
    """
    before = views[max(len(views) - NEWEST, 0) : first_origin]
    return float(np.abs(before[WEEK:] - before[:-WEEK]).mean())


def scores(views: Floats, found: Forecasts, denominator: float) -> dict[str, float]:
    """MASE, sMAPE (%), coverage (%) and interval score (in denominators) over O x H days; of the
    coverage also its standard error, for weeks that are independent.
    """
    truth = actual(views, found.origins, found.middle.shape[1])
    middle, low, high = (
        np.maximum(np.expm1(each), 0) for each in (found.middle, found.low, found.high)
    )
    error = np.abs(truth - middle)
    width = high - low
    beyond = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    inside = (low <= truth) & (truth <= high)
    covered = np.where(np.isnan(low), np.nan, inside)
    return {
        "MASE": float(error.mean() / denominator),
        "sMAPE": float(100 * np.mean(2 * error / np.maximum(truth + middle, 1e-9))),
        "coverage": float(100 * covered.mean()),
        "coverage error": float(100 * covered.mean(axis=1).std(ddof=1) / np.sqrt(len(covered))),
        "interval score": float((width + 2 / MISS * beyond).mean() / denominator),
    }
