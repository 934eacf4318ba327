"""What a rule is asked, and what it answers: accepted or not, for R loops at once."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from refereeing.moments import Seen

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """A submission of each loop (R,), as a rule sees it. ``number``: 1 for the first after the
    baseline; ``unpaired``: standard error of the candidate's own loss; ``first``: of the
    baseline's; both on the rows that judge.
    """

    seen: Seen
    number: int
    unpaired: Any
    first: Any


class Rule(Protocol):
    """``claims_all``: the loop reads, and claims, the gain on all rows."""

    name: str
    claims_all: bool

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        """A new life of so many loops."""

    def decide(self, asked: Asked) -> Flags:
        """Which are accepted (R,)."""

    def threshold(self) -> Any:
        """The z that the next submission of each loop needs (R,): what a sandbagger knows."""
