"""Losses: how wrong a prediction is, per row, on average, and in which direction.

Shape letters: K candidates (optional leading axes), N rows. ``rows`` and ``grad`` work on numpy
arrays and on torch tensors alike, number by number, so that training and scoring cannot disagree.

A loss may also tell itself in plain numbers, by a static method ``slope(prediction, target)`` that
returns the loss and its derivative by the prediction. The compiled engine is built from it; a loss
without it is trained by PyTorch. In ``slope`` only arithmetic, comparisons, ``abs`` and functions
of ``math`` are compiled. What is not a number must stay so: ``max`` and ``min`` may drop it.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError

Vector = NDArray[np.float64]
Array = Any  # a numpy array or a torch tensor; torch is not imported where nothing is trained
Slope = Callable[[float, float], tuple[float, float]]


class Loss(Protocol):
    """What training and scoring ask of a loss."""

    @property
    def name(self) -> str:
        """Names the loss in runs and pictures."""

    def rows(self, prediction: Array, target: Array) -> Array:
        """Loss of each row, (..., N) from (..., N) and (N,)."""

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """Derivative of each row's loss, times ``weight``, by its prediction, (..., N)."""

    def unit(self, unit: str) -> str:
        """The unit of the loss, given that of the target."""

    def rescale(self, factor: float) -> float | None:
        """By what the loss grows when prediction and target are multiplied by ``factor`` and
        shifted by any number; None for a loss that has no such factor.

        Without one, the loss is measured in raw units while a network learns in standardised ones.
        """

    def refusal(self, target: Array) -> str | None:
        """Why these targets (N,) have no such loss: found and expected; None where they have."""


def slope_of(loss: Loss) -> Slope | None:
    """The loss and its derivative in plain numbers; None for a loss that does not give them."""
    slope: Slope | None = getattr(type(loss), "slope", None)
    return slope


def check_targets(loss: Loss, target: Vector, where: str) -> None:
    """Refuse (DataError) targets (N,) that the loss refuses. ``where``: what rows they are of."""
    refusal = loss.refusal(target)
    if refusal is not None:
        raise DataError(f"loss = {loss.name}, {where}: {refusal}; choose another loss")


def row_losses(loss: Loss, prediction: Vector, target: Vector) -> Vector:
    """The loss of each row (N,); refuses (DataError) losses that are not numbers of at least 0."""
    losses: Vector = np.asarray(loss.rows(prediction, target), np.float64)
    wrong = ~(losses >= 0) | np.isinf(losses)
    if wrong.any():
        place = int(wrong.argmax())
        raise DataError(
            f"loss = {loss.name}: {wrong.sum():,} of {len(losses):,} rows have no loss; found "
            f"{losses[place]:g} for the prediction {prediction[place]:g} of the target "
            f"{target[place]:g}, expected a finite number of at least 0; choose another loss"
        )
    return losses


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class MSE:
    """Mean squared error; its unit is the square of the target's."""

    name: ClassVar[str] = "mse"
    label: ClassVar[str] = "mean squared error"

    def rows(self, prediction: Array, target: Array) -> Array:
        """Squared error of each row."""
        residual = prediction - target
        return residual * residual

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """Twice the residual."""
        return (prediction - target) * (2 * weight)

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The squared error and twice the residual."""
        residual = prediction - target
        return residual * residual, 2 * residual

    def unit(self, unit: str) -> str:
        """``minutes`` becomes ``minutes²``; a unit of two words is put in brackets first."""
        return f"({unit})²" if " " in unit else f"{unit}²"

    def rescale(self, factor: float) -> float:
        """Squared errors grow with the square."""
        return factor**2

    def refusal(self, target: Array) -> str | None:
        """Any number has this loss."""
        return None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class MAE:
    """Mean absolute error, in the unit of the target."""

    name: ClassVar[str] = "mae"
    label: ClassVar[str] = "mean absolute error"

    def rows(self, prediction: Array, target: Array) -> Array:
        """Absolute error of each row."""
        return abs(prediction - target)

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """Sign of the residual; 0 where the prediction is exact."""
        residual = prediction - target
        sign = np.sign(residual) if isinstance(residual, np.ndarray) else residual.sign()
        return sign * weight

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The absolute error and the sign of the residual."""
        residual = prediction - target
        sign = 1.0 if residual > 0 else (-1.0 if residual < 0 else 0.0)
        return abs(residual), sign

    def unit(self, unit: str) -> str:
        """The unit of the target."""
        return unit

    def rescale(self, factor: float) -> float:
        """Absolute errors grow in proportion."""
        return abs(factor)

    def refusal(self, target: Array) -> str | None:
        """Any number has this loss."""
        return None
