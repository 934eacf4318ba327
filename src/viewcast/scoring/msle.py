"""The squared error of logarithms: errors count as shares of the target."""

import math
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Array = Any  # a numpy array or a torch tensor; torch is not imported where nothing is trained


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class MSLE:
    """Mean squared logarithmic error, (φ(prediction) - φ(target))² with φ(v) = log(1 + v).

    Below 0, where targets are refused, φ goes on as its tangent, φ(v) = v: a negative prediction
    costs more than 0 would, and its gradient leads back. The 1 is in the unit of the target.
    """

    name: ClassVar[str] = "msle"

    def rows(self, prediction: Array, target: Array) -> Array:
        """Squared difference of the logarithms of each row."""
        difference = _log(prediction) - _log(target)
        return difference * difference

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """Twice the difference, over 1 + the prediction (over 1 below 0)."""
        difference = _log(prediction) - _log(target)
        return 2 * weight * difference / (1 + prediction.clip(min=0))

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The squared difference, and its derivative, in plain numbers."""
        above = prediction > 0
        found = math.log1p(prediction) if above else prediction
        difference = found - (math.log1p(target) if target > 0 else target)
        growth = 1 + prediction if above else 1.0
        return difference * difference, 2 * difference / growth

    def unit(self, unit: str) -> str:
        """A squared logarithm has no unit."""
        return "log²"

    def rescale(self, factor: float) -> float | None:
        """None: the loss of a multiple is no multiple of the loss."""
        return None

    def refusal(self, target: Array) -> str | None:
        """Targets below 0 are refused."""
        lowest = float(target.min()) if len(target) else 0.0
        if lowest < 0:
            return f"found the target {lowest:g}, expected numbers of at least 0"
        return None


def _log(values: Array) -> Array:
    above, below = values.clip(min=0), values.clip(max=0)
    return (np.log1p(above) if isinstance(above, np.ndarray) else above.log1p()) + below
