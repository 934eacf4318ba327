"""The squared relative error of views, for predictions of log views.

Of positive f and y, with d = log f - log y, ((f - y) / y)² = (exp(d) - 1)².
"""

import math
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Array = Any  # a numpy array or a torch tensor; torch is not imported where nothing is trained


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SquaredRelativeLog:
    """(exp(d) - 1)², d = prediction - target, both logs."""

    name: ClassVar[str] = "squared_relative_log"
    label: ClassVar[str] = "squared relative error"

    def rows(self, prediction: Array, target: Array) -> Array:
        """The square of each row's error as a share of its views."""
        share = _expm1(prediction - target)
        return share * share

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """2 (exp(d) - 1) exp(d)."""
        share = _expm1(prediction - target)
        return 2 * weight * share * (share + 1)

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The squared share, and its derivative, in plain numbers."""
        share = math.expm1(prediction - target)
        return share * share, 2 * share * (share + 1)

    def unit(self, unit: str) -> str:
        """The square of a share."""
        return "share²"

    def rescale(self, factor: float) -> float | None:
        """None: a factor of logs is a power of views."""
        return None

    def refusal(self, target: Array) -> str | None:
        """Any number has this loss."""
        return None


def _expm1(values: Array) -> Array:
    return np.expm1(values) if isinstance(values, np.ndarray) else values.expm1()
