"""Combination of forecasts: the mean of their logs, which is the geometric mean of their views.

Shape letters: H days ahead, R recipes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def combined(forecasts: Mapping[str, Vector]) -> Vector:
    """The mean (H,) of R forecasts (H,) of log(1 + views), by name of the recipe; at least one."""
    mean: Vector = np.mean(list(forecasts.values()), axis=0)
    return mean
