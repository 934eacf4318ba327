"""Ridge regression: least squares with a price on large weights, for any number of outputs.

Hoerl & Kennard (1970), Technometrics 12:55. Shape letters: N training rows, F features, O outputs.
"""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.products import FULL, product
from viewcast.models.fitted import FittedNetwork
from viewcast.models.model import LINE, NetworkModel
from viewcast.models.scaling import Scaling
from viewcast.training import smallest_squares
from viewcast.training.problem import Problem, Trained, at_once
from viewcast.training.trainer import Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Ridge(Trainer[NetworkModel]):
    """Solves min ‖y − b − Xw‖² + l2 ‖w‖² for standardised features X (N, F) and each output.

    ``l2``: as ``alpha`` of scikit-learn's ``Ridge`` on standardised features. Rows are read in
    blocks, of which sums of products are kept: memory does not grow with rows.
    """

    name: str
    l2: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    serves: ClassVar[tuple[str, ...]] = (LINE,)

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """One solve of the normal equations, which the penalty keeps well conditioned."""
        scaling = Scaling.of_blocks(problem.blocks(problem.train))
        gram: np.ndarray | float = 0.0
        right: np.ndarray | float = 0.0
        mean, count = np.zeros(len(problem.outputs)), len(problem.train)
        for x, y in problem.blocks(problem.train):
            inputs, targets = scaling.inputs(x), scaling.targets(y)
            gram = gram + product(inputs.T, inputs, FULL)
            right = right + product(inputs.T, targets, FULL)
            mean += targets.sum(axis=0) / count
        # Standardised features have mean 0: the bias is the mean of the targets.
        penalised = gram + self.l2 * np.eye(len(problem.inputs))
        weights = smallest_squares.solved(penalised, np.asarray(right))
        params = np.concatenate([weights.reshape(-1), mean])
        return at_once(problem, FittedNetwork(problem.inputs, (), params, scaling))
