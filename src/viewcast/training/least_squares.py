"""Least squares: the line with the smallest squared error, in one step."""

from typing import ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.models.fitted import FittedNetwork
from viewcast.models.model import LINE, NetworkModel
from viewcast.models.scaling import Scaling
from viewcast.training import smallest_squares
from viewcast.training.problem import Problem, Trained, at_once
from viewcast.training.trainer import Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class LeastSquares(Trainer[NetworkModel]):
    """Solves min ‖y − b − Xw‖² (``viewcast.training.smallest_squares``).

    With fewer rows than features it is the solution of smallest norm. It always minimises the
    squared error, also where the loss that is reported is another. Several outputs are a line each.
    """

    name: str
    serves: ClassVar[tuple[str, ...]] = (LINE,)

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """One solve; features are standardised for conditioning, which moves no prediction."""
        x, y = problem.x(problem.train), problem.targets(problem.train)
        scaling = Scaling.of(x, y)
        design = np.hstack([scaling.inputs(x), np.ones((len(x), 1))])
        # Weights (F, O), then biases (O,).
        params = smallest_squares.solve(design, scaling.targets(y)).reshape(-1)
        return at_once(problem, FittedNetwork(problem.inputs, (), params, scaling))
