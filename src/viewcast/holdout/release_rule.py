"""What a filter of validation scores must do: a class in ``holdout.release`` of the configuration.

Shape letter: M validation rows.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class State:
    """What a filter needs to know of the scores before.

    ``queries``: how many scores; ``charged``: how many of them the budget paid for; ``best``: the
    score released last; ``incumbent`` (M,): the row losses behind it.
    """

    queries: int = 0
    charged: int = 0
    best: float | None = None
    incumbent: Vector | None = None


@runtime_checkable
class Release(Protocol):
    """A filter of scores."""

    name: str

    def release(
        self, losses: ArrayLike, train_mean: float | None, state: State
    ) -> tuple[float, State]:
        """The score that is released for validation losses (M,), and the state after it."""
        ...

    def spent(self, state: State) -> bool:
        """Whether ``release`` would refuse the next score."""
        ...
