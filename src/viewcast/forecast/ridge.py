"""Ridge regression on the scale-free rows of a channel, one output for each day ahead.

Shape letters: D days, N rows, F inputs, H days ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.threads import one_thread
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.reach import within_reach
from viewcast.forecast.rows import MIN_DAYS, MIN_ROWS, NAMES, PAST, Rows

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
FLAT = 1e-8  # standard deviation below which an input does not vary
LEAST_FREEDOM = 0.02  # share of the rows that is left after the fit, at least, in the criterion
NO_RESIDUAL = 1e-12  # sum of squares of a fit without error


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Penalties:
    """``count`` penalties between ``low`` and ``high``, equally far apart in their logarithm."""

    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]
    count: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.high < self.low:
            raise ValueError(f": high is {self.high}, expected at least low, {self.low}")
        return self

    def values(self) -> Vector:
        """The penalties (count,)."""
        return np.geomspace(self.low, self.high, self.count)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Ridge:
    """``window``: newest days that it is fitted on. One of ``penalties`` is chosen per output."""

    window: Annotated[int, Field(ge=WEEK)]
    penalties: Penalties
    min_days: ClassVar[int] = MIN_DAYS

    def fit(self, history: History, horizon: int) -> "FittedRidge":
        """Fit one regression for each of the next ``horizon`` days.

        A day ahead with fewer than 6 rows gets the level.
        """
        rows = Rows.of(history, self.window)
        slopes, constants = np.zeros((horizon, len(NAMES))), np.zeros(horizon)
        penalties = self.penalties.values()
        with one_thread():
            for place in range(horizon):
                targets = rows.targets(place + 1)
                if len(targets) >= MIN_ROWS:
                    inputs = rows.inputs(place + 1)[: len(targets)]
                    slopes[place], constants[place] = ridge(inputs, targets, penalties)
        return FittedRidge(slopes, constants)

    def restored(self, arrays: Arrays, horizon: int) -> "FittedRidge":
        """The inverse of ``arrays``."""
        return FittedRidge(arrays["slopes"], arrays["constants"])


@plain(frozen=True)
class FittedRidge:
    """``slopes`` (H, F) and ``constants`` (H,) of the difference from the level."""

    slopes: Vector
    constants: Vector

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days, from the newest 28."""
        rows = Rows(history.tail(PAST))
        inputs = np.vstack([rows.inputs(ahead + 1)[-1] for ahead in range(len(self.constants))])
        differences = (inputs * self.slopes).sum(axis=1) + self.constants
        return within_reach(rows.level[-1] + differences, history.log)

    def arrays(self) -> Arrays:
        """Slopes and constants."""
        return {"slopes": self.slopes, "constants": self.constants}


def ridge(inputs: Vector, targets: Vector, penalties: Vector) -> tuple[Vector, float]:
    """Slopes (F,) and constant of a ridge regression on standardized inputs (N, F).

    The penalty is the one of ``penalties`` with the smallest generalized cross-validation,
    RSS / (1 - df / N)² (Golub, Heath & Wahba, Technometrics 1979, eq. 1.4). Inputs that do not vary
    get slope 0.
    """
    centre, scale, mean = inputs.mean(axis=0), inputs.std(axis=0), float(targets.mean())
    varies = scale > FLAT
    x, y = (inputs[:, varies] - centre[varies]) / scale[varies], targets - mean
    values, vectors = np.linalg.eigh(x.T @ x)
    values = np.maximum(values, 0)
    projected = vectors.T @ (x.T @ y)
    shrunk = projected / (values + penalties[:, None])
    residual = y @ y - 2 * shrunk @ projected + (shrunk**2) @ values
    freedom = (values / (values + penalties[:, None])).sum(axis=1) + 1
    left = np.maximum(1 - freedom / len(y), LEAST_FREEDOM)
    best = (np.maximum(residual, NO_RESIDUAL) / left**2).argmin()
    slopes = np.zeros(inputs.shape[1])
    slopes[varies] = vectors @ shrunk[best] / scale[varies]
    return slopes, mean - float(centre @ slopes)
