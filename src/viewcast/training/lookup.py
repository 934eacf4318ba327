"""No search: the model takes what it needs from the rows (memorising and naive models)."""

from typing import Any, ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.training.problem import Problem, Trained, Trainer, at_once


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Lookup(Trainer):
    """Lets the model look at its rows, once."""

    name: str
    serves: ClassVar[tuple[str, ...]] = ("lookup",)

    def fit(self, problem: Problem, model: Any) -> Trained:
        """What the model remembers."""
        return at_once(problem, model.look_up(problem.train, problem.validation))
