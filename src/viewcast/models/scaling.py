"""Standardisation learnt on training rows only, and kept with the model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each feature (F,) and of the target (a number)."""

    x_mean: Vector
    x_std: Vector
    y_mean: float
    y_std: float

    @classmethod
    def of(cls, x: Vector, y: Vector) -> "Scaling":
        """Learnt from training rows x (N, F), y (N,); a constant feature keeps its size."""
        # The deviation of equal numbers is not always exactly 0: their mean is rounded.
        x_std = np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 1.0)
        y_std = float(y.std()) if np.ptp(y) > 0 else 1.0
        return cls(x.mean(axis=0), x_std, float(y.mean()), y_std)

    @classmethod
    def identity(cls, features: int) -> "Scaling":
        """Features and target as they are."""
        return cls(np.zeros(features), np.ones(features), 0.0, 1.0)

    def inputs(self, x: Any) -> Any:
        """Features in units of their standard deviation, (..., F)."""
        return (x - self.x_mean) / self.x_std

    def targets(self, y: Any) -> Any:
        """Targets in units of their standard deviation."""
        return (y - self.y_mean) / self.y_std

    def outputs(self, scaled: Any) -> Any:
        """Back to the unit of the target."""
        return self.y_mean + self.y_std * scaled

    def line(self, weights: Vector, bias: float) -> tuple[Vector, float]:
        """Weights (F,) and bias of the same straight line in the raw units."""
        raw = weights * self.y_std / self.x_std
        return raw, float(self.y_mean + self.y_std * bias - raw @ self.x_mean)
