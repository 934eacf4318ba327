"""No search: the model takes what it needs from the rows (memorising and naive models)."""

from typing import ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.models.model import LOOKUP, LookupModel
from viewcast.training.problem import Problem, Trained, at_once
from viewcast.training.trainer import Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Lookup(Trainer[LookupModel]):
    """Lets the model look at its rows, once."""

    name: str
    serves: ClassVar[tuple[str, ...]] = (LOOKUP,)

    def fit(self, problem: Problem, model: LookupModel) -> Trained:
        """What the model remembers."""
        return at_once(problem, model.look_up(problem.train, problem.validation))
