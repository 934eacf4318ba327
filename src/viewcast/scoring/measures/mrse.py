"""The relative squared error of views."""

from typing import ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.scoring.measure import Vector


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class MRSE:
    """((f - y) / y)²; of a row the mean of its outputs.

    Pinto, Almeida & Gonçalves (2013), Using early view patterns to predict the popularity of
    YouTube videos, WSDM, equation 1.
    """

    name: ClassVar[str] = "mrse"
    label: ClassVar[str] = "relative squared error"
    unit: ClassVar[str] = "share²"

    def rows(self, prediction: Vector, target: Vector) -> Vector:
        """Squared share of each row (N,); refuses (DataError) rows without a view."""
        none = np.asarray((target <= 0).any(axis=1))
        if none.any():
            raise DataError(
                f"measure = mrse: {none.sum():,} of {len(none):,} rows have no views, of which no "
                "error is a share; set data.splits.<split>.task.least_views, or another measure"
            )
        return np.asarray(np.square((prediction - target) / target).mean(axis=1))
