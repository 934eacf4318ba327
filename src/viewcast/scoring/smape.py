"""The symmetric percentage error, made smooth: errors count as shares of target and prediction.

SMAPE is 2|p - y| / (|p| + |y|) for the prediction p of the target y (Makridakis 1993, Accuracy
measures: theoretical and practical concerns). It has kinks where p is exact or 0, and jumps where
both are 0. So each |v| of p is replaced by √(v² + ε²), and the error is brought back to 0 where the
prediction is exact (Charbonnier et al. 1994, Two deterministic half-quadratic regularization
algorithms, have this form of |v|).
"""

import math
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Array = Any  # a numpy array or a torch tensor; torch is not imported where nothing is trained
SMOOTH = 0.001  # ε, in the unit of the target


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SMAPE:
    """Smooth symmetric mean absolute percentage error: 2(√(e² + ε²) - ε) / (√(p² + ε²) + |y|).

    p is the prediction, y the target, e = p - y, ε = 0.001 in the unit of the target. It lies
    between 0 and 2, up to rounding, and is 0 where the prediction is exact, even of 0. Beside
    errors of many ε it is the metric ``smape`` to a share of ε / |e|.
    """

    name: ClassVar[str] = "smape"

    def rows(self, prediction: Array, target: Array) -> Array:
        """The error of each row."""
        residual = prediction - target
        square = residual * residual
        # √(e² + ε²) - ε without the loss of digits in a difference.
        error = square / (_smooth(square) + SMOOTH)
        return 2 * error / (_smooth(prediction * prediction) + abs(target))

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """By the quotient rule: 2e / rz - 2(r - ε) p / sz², r, s the roots of e, p, z = s + |y|."""
        residual = prediction - target
        square = residual * residual
        of_error, of_size = _smooth(square), _smooth(prediction * prediction)
        size = of_size + abs(target)
        error = square / (of_error + SMOOTH)
        return 2 * weight * (residual / of_error - error / size * prediction / of_size) / size

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The error, and its derivative, in plain numbers."""
        residual = prediction - target
        square = residual * residual
        of_error = math.sqrt(square + SMOOTH * SMOOTH)
        of_size = math.sqrt(prediction * prediction + SMOOTH * SMOOTH)
        size = of_size + abs(target)
        share = square / (of_error + SMOOTH) / size
        return 2 * share, 2 * (residual / of_error - share * prediction / of_size) / size

    def unit(self, unit: str) -> str:
        """A share of target and prediction."""
        return "share"

    def rescale(self, factor: float) -> float | None:
        """None: a shift of both changes their shares."""
        return None

    def refusal(self, target: Array) -> str | None:
        """Any number has this loss."""
        return None


def _smooth(square: Array) -> Array:
    total = square + SMOOTH * SMOOTH
    return np.sqrt(total) if isinstance(total, np.ndarray) else total.sqrt()
