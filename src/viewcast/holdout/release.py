"""Filters between the raw validation score and a run: they decide what of a score is released.

Both filters slow down fitting a model to the validation rows by trial and error. Neither makes the
released number an unbiased estimate; ``viewcast.selection.selection_corrected`` and
``viewcast.selection.hidden_holdout`` give one. A filter keeps no state: state goes in and comes
out, and the caller stores it.

Shape letter: M validation rows.
"""

from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.holdout.release_rule import State, Vector
from viewcast.selection.dependence import standard_error

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class Ladder:
    """Releases a score only where it is clearly below the best one before; else it repeats that.

    Clearly: by more than ``z`` standard errors of the row-by-row difference to the incumbent, where
    rows depend on their neighbours over ``length`` rows (1 for rows in no order). Blum & Hardt
    (2015), ICML, the variant without parameters, with z = 1 and independent rows, and without
    rounding to 1/M. Caution: with z = 1 the released score of a winner is nearly as biased as the
    raw one (82 to 100 % of its optimism in simulations); what it stops is creeping.
    """

    name: str
    z: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    length: Annotated[float, Field(ge=1, allow_inf_nan=False)]

    def release(
        self, losses: ArrayLike, train_mean: float | None, state: State
    ) -> tuple[float, State]:
        """Raises DataError for losses that are not finite, or not of the incumbent's rows."""
        new = _row_losses(losses)
        after = replace(state, queries=state.queries + 1)
        if state.best is None or state.incumbent is None:
            return self._released(new, after)
        if new.shape != state.incumbent.shape:
            raise DataError(
                f"losses of {len(new)} rows: the incumbent's are of {len(state.incumbent)}; "
                "a filter serves one set of validation rows, start another state for others"
            )
        gain = state.incumbent - new
        if float(gain.mean()) > self.z * standard_error(gain, self.length):
            return self._released(new, after)
        return state.best, after

    def spent(self, state: State) -> bool:
        """Never."""
        return False

    def _released(self, losses: Vector, state: State) -> tuple[float, State]:
        best = float(losses.mean())
        return best, replace(state, best=best, incumbent=losses)


@dataclass(frozen=True, config=STRICT)
class Thresholdout:
    """Repeats the training loss while validation agrees with it, else a noisy validation loss.

    With T = ``threshold``, σ = ``scale``: γ is drawn from Lap(2σ), and for each score η from
    Lap(4σ). Where validation and training mean differ by more than T + γ + η, the validation mean
    plus Lap(σ) is released, ``budget`` goes down by one and γ is drawn anew; else the training mean
    is. When the budget is spent no further score is released. Dwork et al. (2015), Science 349:636
    and NIPS (algorithm Thresholdout), for losses in [0, 1] of independent rows.

    Caution: meant for 10,000 rows and more. With a thousand its tolerance is as large as the
    effects it should measure. The noise follows from ``seed`` and the number of the score, so that
    a study can be repeated; a user who knows the seed can subtract the noise.
    """

    name: str
    threshold: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    budget: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]

    def release(
        self, losses: ArrayLike, train_mean: float | None, state: State
    ) -> tuple[float, State]:
        """Raises DataError for losses that are not finite, without training loss, or when spent."""
        validation_mean = float(_row_losses(losses).mean())
        if train_mean is None or not np.isfinite(train_mean):
            raise DataError(f"{self.name} compares with the training loss: found {train_mean}")
        if self.spent(state):
            raise DataError(
                f"{self.name}: the budget of {self.budget} answers is spent after "
                f"{state.queries} scores; cut fresh validation rows, or set holdout.release=null"
            )
        threshold_noise = self._noise(0, state.charged).laplace(0, 2 * self.scale)
        noise = self._noise(1, state.queries)
        limit = self.threshold + threshold_noise + noise.laplace(0, 4 * self.scale)
        after = replace(state, queries=state.queries + 1)
        if abs(validation_mean - train_mean) <= limit:
            return float(train_mean), after
        released = validation_mean + float(noise.laplace(0, self.scale))
        return released, replace(after, charged=state.charged + 1)

    def spent(self, state: State) -> bool:
        """Whether the budget is used up."""
        return state.charged >= self.budget

    def _noise(self, kind: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, kind, number])


def _row_losses(losses: ArrayLike) -> Vector:
    vector = np.asarray(losses, np.float64)
    if vector.ndim != 1 or len(vector) < 2 or not np.isfinite(vector).all():
        raise DataError(
            f"losses of shape {vector.shape}: expected a finite loss of each of at least two rows"
        )
    return vector
