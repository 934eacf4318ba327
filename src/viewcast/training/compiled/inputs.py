"""The rows of a problem as the kernel reads them: float32, padded, shared by all candidates.

They are made block by block from the problem's frames, so that no second copy of all rows in double
precision is made on the way.

Shape letters: N training rows, M validation rows, O outputs, X width of a row.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from viewcast.models.scaling import Scaling
from viewcast.training.compiled.call import SPARE, Array, aligned
from viewcast.training.compiled.layout import Layout
from viewcast.training.problem import Problem
from viewcast.training.units import LossUnits
from viewcast.training.weights import row_weights


@dataclass(frozen=True)
class Inputs:
    """What candidates of one architecture share. ``arrays``: those of the group ``rows``."""

    layout: Layout
    units: LossUnits
    training_rows: int
    validation_rows: int
    arrays: dict[str, Array]

    @classmethod
    def of(
        cls, problem: Problem, hidden: tuple[int, ...], scaling: Scaling, weight: str | None
    ) -> "Inputs":
        """``weight``: the column of the training rows' weights, None where all count alike."""
        layout = Layout.of(len(problem.inputs), hidden, len(problem.outputs))
        units = LossUnits.of(problem.loss, scaling)
        weights = row_weights(problem, weight)
        x, y = _rows(problem, problem.train, layout, scaling, units)
        x_val, y_val = _rows(problem, problem.validation, layout, scaling, units)
        arrays = {
            "x": x,
            "y": y,
            "weight": np.empty(0, np.float32) if weights is None else weights.astype(np.float32),
            "x_val": x_val,
            "y_val": y_val,
            "layers": layout.layers,
        }
        return cls(layout, units, len(problem.train), len(problem.validation), arrays)

    @property
    def weighted(self) -> bool:
        """Whether training rows have weights."""
        return len(self.arrays["weight"]) > 0


def _rows(
    problem: Problem, rows: pd.DataFrame, layout: Layout, scaling: Scaling, units: LossUnits
) -> tuple[Array, Array]:
    """Features (N, X) and targets (N, O), in the units to learn in, with rows of zeros at the end.

    Targets stay in their raw unit where the loss is measured in it.
    """
    count, done = len(rows) + SPARE, 0
    x, y = layout.rows(count), aligned((count, layout.outputs), np.float32)
    for features, targets in problem.blocks(rows):
        place = slice(done, done + len(features))
        x[place, : layout.features] = scaling.inputs(features)
        y[place] = targets if units.raw else scaling.targets(targets)
        done += len(features)
    return x, y
