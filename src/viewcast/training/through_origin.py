"""Least squares through the origin: a line that has no bias, and so no size of its own."""

from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.training.problem import Problem, Trained, Trainer, at_once


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ThroughOrigin(Trainer):
    """Solves min ‖y − Xw‖² by orthogonal decomposition (numpy.linalg.lstsq).

    Over features that are in proportion to the target, such as lags, the line is too: a channel
    that doubles is forecast twice as much, without being trained anew. With fewer rows than
    features it is the solution of smallest norm, features in units of their root mean square.
    """

    name: str
    serves: ClassVar[tuple[str, ...]] = ("line",)

    def fit(self, problem: Problem, model: Any) -> Trained:
        """One solve."""
        x, y = problem.x(problem.train), problem.y(problem.train)
        size = np.sqrt((x**2).mean(axis=0))
        scaling = Scaling(np.zeros(x.shape[1]), np.where(size > 0, size, 1.0), 0.0, 1.0)
        weights, *_ = np.linalg.lstsq(scaling.inputs(x), y, rcond=None)
        flat = np.append(weights, 0.0)
        return at_once(problem, FittedNetwork(problem.inputs, (), flat, scaling))
