"""Least squares through the origin: a line that has no bias, and so no size of its own."""

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
class ThroughOrigin(Trainer[NetworkModel]):
    """Solves min Σ ((yᵢ − xᵢw) / sᵢ)², sᵢ the mean size of the features of row i
    (``viewcast.training.smallest_squares``): errors count as shares, in small rows as in large.

    Over features that are in proportion to the target, such as lags, the line is too: a channel
    that doubles is forecast twice as much, without being trained anew. With fewer rows than
    features it is the solution of smallest norm.
    """

    name: str
    serves: ClassVar[tuple[str, ...]] = (LINE,)

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """One solve."""
        x, y = problem.x(problem.train), problem.y(problem.train)
        size = np.abs(x).mean(axis=1)
        share = 1 / np.where(size > 0, size, 1.0)[:, np.newaxis]
        weights = smallest_squares.solve(x * share, y[:, np.newaxis] * share)[:, 0]
        params, scaling = np.append(weights, 0.0), Scaling.identity(x.shape[1])
        return at_once(problem, FittedNetwork(problem.inputs, (), params, scaling))
