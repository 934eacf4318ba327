"""The rows that candidates are trained on, as tensors that are made once.

Shape letters: N training rows, M validation rows, F features, O outputs.
"""

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from viewcast.models.scaling import Scaling, Vector
from viewcast.training.problem import Problem


@dataclass(frozen=True)
class Data:
    """Rows x (N, F), y (N, O), their weights (N, 1), and the validation rows x_val, y_val.

    Features are in units of their deviation, and targets too unless the loss is measured in raw
    ones. Without weights all rows count alike.
    """

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor
    weight: Tensor | None

    @classmethod
    def of(
        cls,
        problem: Problem,
        scaling: Scaling,
        raw_targets: bool,
        weight: Vector | None,
        like: Tensor,
    ) -> "Data":
        """The problem's rows, and their weights (N,), as tensors of the kind of ``like``."""

        def tensors(rows: pd.DataFrame) -> tuple[Tensor, Tensor]:
            x = torch.empty(len(rows), len(problem.inputs), dtype=like.dtype)
            y = torch.empty(len(rows), len(problem.outputs), dtype=like.dtype)
            first = 0
            for features, targets in problem.blocks(rows):
                part = slice(first, first + len(features))
                x[part] = torch.from_numpy(scaling.inputs(features))
                y[part] = torch.tensor(targets if raw_targets else scaling.targets(targets))
                first = part.stop
            return x.to(like.device), y.to(like.device)

        column = None if weight is None else like.new_tensor(weight)[:, None]
        return cls(*tensors(problem.train), *tensors(problem.validation), column)
