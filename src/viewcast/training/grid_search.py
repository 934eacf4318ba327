"""Grid search: try every (w, b) of a grid, keep the best, and keep the whole loss surface."""

from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.models.fitted import FittedNetwork
from viewcast.models.model import LINE, NetworkModel
from viewcast.models.scaling import Scaling
from viewcast.training.problem import Problem, Trained, at_once
from viewcast.training.trainer import Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Grid:
    """``points`` values from ``low`` to ``high``, both included."""

    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]
    points: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _upwards(self) -> "Grid":
        if self.low >= self.high:
            raise ValueError(f"low = {self.low:g} is not below high = {self.high:g}")
        return self

    def values(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The grid, (points,)."""
        return np.linspace(self.low, self.high, self.points)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GridSearch(Trainer[NetworkModel]):
    """A grid over the slope ``w`` and the bias ``b`` of a line of one feature, in raw units."""

    name: str
    w: Grid
    b: Grid
    serves: ClassVar[tuple[str, ...]] = (LINE,)

    def check(self, problem: Problem, model: NetworkModel) -> None:
        """Refuses (ConfigError) any number of features but one."""
        if len(problem.inputs) != 1:
            raise ConfigError(
                f"trainer = grid_search: searches a line of one feature, found {problem.inputs}; "
                "choose model.features with one column, or trainer=least_squares"
            )

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """Training loss at every grid point, in one array (W, B, N)."""
        x, y = problem.x(problem.train)[:, 0], problem.y(problem.train)
        w, b = self.w.values(), self.b.values()
        losses = problem.loss.rows(w[:, None, None] * x + b[None, :, None], y).mean(-1)
        best_w, best_b = np.unravel_index(losses.argmin(), losses.shape)
        params = np.array([w[best_w], b[best_b]])
        surface = pd.DataFrame(
            {"w": np.repeat(w, len(b)), "b": np.tile(b, len(w)), "loss": losses.ravel()}
        )
        fitted = FittedNetwork(problem.inputs, (), params, Scaling.identity(1))
        return at_once(problem, fitted, surface)
