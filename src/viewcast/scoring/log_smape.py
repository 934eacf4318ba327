"""The symmetric percentage error of views, for predictions of log views.

Of positive f and y, with d = log f - log y, 200 |f - y| / (f + y) = 200 tanh(|d| / 2). So a model
that learns log views can learn by the error that is asked of views. Of log(1 + views) it is the
error of 1 + views.
"""

import math
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Array = Any  # a numpy array or a torch tensor; torch is not imported where nothing is trained


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class LogSMAPE:
    """200 tanh(|d| / 2) in percent, d = prediction - target, both logs."""

    name: ClassVar[str] = "log_smape"
    label: ClassVar[str] = "symmetric percentage error"

    def rows(self, prediction: Array, target: Array) -> Array:
        """The error of each row, 0 to 200."""
        return 200 * abs(_tanh((prediction - target) / 2))

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """100 (1 - tanh²(d / 2)) with the sign of d."""
        share = _tanh((prediction - target) / 2)
        sign = np.sign(share) if isinstance(share, np.ndarray) else share.sign()
        return 100 * weight * (1 - share * share) * sign

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The error, and its derivative, in plain numbers."""
        share = math.tanh((prediction - target) / 2)
        sign = 1.0 if share > 0 else (-1.0 if share < 0 else 0.0)
        return 200 * abs(share), 100 * (1 - share * share) * sign

    def unit(self, unit: str) -> str:
        """Percent, whatever the target's unit is."""
        return "%"

    def rescale(self, factor: float) -> float | None:
        """None: a factor of logs is a power of views."""
        return None

    def refusal(self, target: Array) -> str | None:
        """Any number has this loss."""
        return None


def _tanh(values: Array) -> Array:
    return np.tanh(values) if isinstance(values, np.ndarray) else values.tanh()
