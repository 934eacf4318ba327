"""The symmetric mean absolute percentage error of views."""

from typing import ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.scoring.measure import Vector


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SMAPE:
    """200 |y - f| / (|y| + |f|) in percent, 0 where both are 0; of a row the mean of its outputs.

    Makridakis (1993), International Journal of Forecasting 9:527.
    """

    name: ClassVar[str] = "smape"
    label: ClassVar[str] = "symmetric percentage error"
    unit: ClassVar[str] = "%"

    def rows(self, prediction: Vector, target: Vector) -> Vector:
        """Percent of each row (N,)."""
        size = np.abs(prediction) + np.abs(target)
        error = 200 * np.abs(prediction - target)
        return np.asarray(np.divide(error, size, out=np.zeros_like(size), where=size != 0).mean(1))
