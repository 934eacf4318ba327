"""Measures: how a forecast is scored where the model learns on another scale.

Shape letters: N rows, O outputs.

A model of a panel learns log views relative to the level of each row's window, and its loss is
measured there. What is asked is views: ``Measure.rows`` scores forecasts of views.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


class Measure(Protocol):
    """What scoring asks of a measure; less is better."""

    @property
    def name(self) -> str:
        """Names the measure in runs and pictures."""

    @property
    def unit(self) -> str:
        """Its unit."""

    def rows(self, prediction: Vector, target: Vector) -> Vector:
        """The measure of each row (N,), of forecasts (N, O) of what came (N, O), in views.

        All rows of a set are given at once: a measure may rank them.
        """
