"""Combination of forecasts: the mean of their logs, which is the geometric mean of their views.

Shape letters: H days ahead, R recipes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.history import History
from viewcast.forecast.recipe import FittedRecipe

Vector = NDArray[np.float64]


def combined(forecasts: Mapping[str, Vector]) -> Vector:
    """The mean (H,) of R forecasts (H,) of log(1 + views), by name of the recipe; at least one."""
    mean: Vector = np.mean(list(forecasts.values()), axis=0)
    return mean


@dataclass(frozen=True)
class FittedCombination:
    """The fitted recipes that are averaged, by name. One member is served as it is."""

    members: Mapping[str, FittedRecipe]

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days: the mean of the members."""
        return combined({name: fit.forecast(history) for name, fit in self.members.items()})
