"""How often days lay in the intervals that were kept before them.

Shape letters: O origins, H days ahead.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
PATH, TOTAL = "path", "total"
FEWEST = 20  # cases: fewer give no share
BLOCK = 14  # days per block in the standard error: twice as long as a path of a week


@dataclass(frozen=True)
class Coverage:
    """The share ``covered`` of ``count`` cases in their interval, with its standard error.

    ``of``: "1" to "H" for a day of the horizon, PATH for all H days of one origin at once, TOTAL
    for their sum. ``error``: None where there are too few weeks.
    """

    of: str
    covered: float
    error: float | None
    count: int


def coverages(days: Vector, totals: Vector, places: NDArray[np.int64]) -> list[Coverage]:
    """Coverage of each day of the horizon, of the path and of the total; none below 20 cases.

    ``days``: (O, H), whether each day lay in its interval: 1 or 0, NaN where there is no telling.
    ``totals``: (O,) the same of the sum of the H days. ``places``: (O,) origins as numbers of days.
    """
    known = np.isfinite(days).all(axis=1)
    path = np.where(known, days.min(axis=1, initial=1.0), np.nan)
    cases = {str(h + 1): inside for h, inside in enumerate(days.T)} | {PATH: path, TOTAL: totals}
    found = [_coverage(of, inside, places) for of, inside in cases.items()]
    return [share for share in found if share is not None]


def _coverage(of: str, inside: Vector, places: NDArray[np.int64]) -> Coverage | None:
    known = np.isfinite(inside)
    values = inside[known]
    if len(values) < FEWEST:
        return None
    covered = float(values.mean())
    _, block = np.unique((places[known] - places[known].min()) // BLOCK, return_inverse=True)
    blocks = int(block.max()) + 1
    if blocks < 3:
        return Coverage(of, covered, None, len(values))
    deviations = np.bincount(block, values - covered)
    error = float(np.sqrt(blocks / (blocks - 1) * (deviations**2).sum()) / len(values))
    return Coverage(of, covered, error, len(values))
