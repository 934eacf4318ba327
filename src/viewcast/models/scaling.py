"""Standardisation learnt on training rows only, and kept with the model."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each feature (F,) and of the targets (a number)."""

    x_mean: Vector
    x_std: Vector
    y_mean: float
    y_std: float

    @classmethod
    def of(cls, x: Vector, y: Vector) -> "Scaling":
        """Learnt from training rows x (N, F), y (N,) or (N, O); a constant keeps its size."""
        return cls.of_blocks([(x, y)])

    @classmethod
    def of_blocks(cls, blocks: Iterable[tuple[Vector, Vector]]) -> "Scaling":
        """The same from rows that come in blocks, x (n, F) and y (n,) or (n, O) at a time."""
        features, target = _Moments(), _Moments()
        for x, y in blocks:
            features.add(x)
            target.add(y.reshape(-1, 1))
        (y_mean,), (y_std,) = target.mean, target.deviation()
        return cls(features.mean, features.deviation(), float(y_mean), float(y_std))

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
        return raw, float(self.y_mean + self.y_std * bias - (raw * self.x_mean).sum())


class _Moments:
    """Mean and squared deviations of columns (F,), of blocks of rows one after another.

    Blocks are joined as by Chan, Golub and LeVeque (1983), "Algorithms for computing the sample
    variance", equation 2.1.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self.squares: Any = 0.0
        self.low: Any = np.inf
        self.high: Any = -np.inf

    def add(self, x: Vector) -> None:
        """Rows (n, F), n at least 1."""
        count, mean = len(x), x.mean(axis=0)
        away, whole = mean - self.mean, self.count + len(x)
        self.squares = self.squares + ((x - mean) ** 2).sum(axis=0)
        self.squares = self.squares + away * away * (self.count * count / whole)
        self.mean = mean if self.count == 0 else self.mean + away * (count / whole)
        self.low = np.minimum(self.low, x.min(axis=0))
        self.high = np.maximum(self.high, x.max(axis=0))
        self.count = whole

    def deviation(self) -> Vector:
        """Standard deviations (F,); 1 for a constant column."""
        # The deviation of equal numbers is not always exactly 0: their mean is rounded.
        return np.where(self.high > self.low, np.sqrt(self.squares / self.count), 1.0)
