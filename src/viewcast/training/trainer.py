"""What a trainer of the configuration is: a way of finding the parameters of a model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError, DivergenceError
from viewcast.base.pool import in_threads, until
from viewcast.models.fitted import Fitted
from viewcast.models.model import Model
from viewcast.scoring.loss import Loss
from viewcast.training.problem import Problem, Trained
from viewcast.training.trajectory import Losses

ModelT_contra = TypeVar("ModelT_contra", bound=Model, contravariant=True)
Tick = Callable[[int], None]


class Trainer(ABC, Generic[ModelT_contra]):
    """The settings of a trainer; a subclass is a checked dataclass with a field ``name``.

    ``serves``: the kinds of model that it can train.
    """

    name: str
    serves: ClassVar[tuple[str, ...]]

    @property
    def epoch_limit(self) -> int | None:
        """The most epochs (or iterations) of a training; None without epochs."""
        return None

    @property
    def selects_epoch(self) -> bool:
        """Whether the validation loss after every epoch decides which parameters are kept.

        Each epoch is then a look at the validation rows.
        """
        return False

    @property
    def weight_column(self) -> str | None:
        """The column of the prepared table that training rows count in proportion to, if any."""
        return None

    def check_settings(self, model: ModelT_contra, loss: Loss) -> None:
        """Refuse (ConfigError) a model or a loss that these settings contradict."""
        if model.kind not in self.serves:
            raise ConfigError(
                f"trainer = {self.name} cannot train model = {model.name}: it serves models of "
                f"kind {', '.join(self.serves)}, this one is a {model.kind}"
            )

    def check(self, problem: Problem, model: ModelT_contra) -> None:
        """Refuse (ConfigError) a problem it cannot solve, before a run exists. Default: none."""
        return

    def uses_threads(self, loss: Loss, device: str) -> bool:
        """Whether the setting ``threads`` may change bits of the result."""
        return True

    @abstractmethod
    def fit(self, problem: Problem, model: ModelT_contra) -> Trained:
        """Find the parameters of the model. Raises DivergenceError where there are none."""

    @classmethod
    def fit_cohort(
        cls,
        problem: Problem,
        model: ModelT_contra,
        members: "Sequence[CohortMember]",
        tick: Tick,
        workers: int = 1,
    ) -> "list[Outcome]":
        """Train each member as ``fit`` does; ``tick`` is given the number of epochs just done.

        ``workers``: members trained at the same time, which changes no result.
        """
        stop = Event()
        tick = until(stop, tick)
        return in_threads(
            lambda member: _alone(problem, model, member, tick), members, workers, stop
        )


@dataclass(frozen=True)
class CohortMember:
    """One of several trainings of the same model on the same rows: its settings and its seed."""

    trainer: Trainer[Any]
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What became of a member. ``curve`` and ``best_epoch``: as in ``Trained``.

    ``trajectory`` (E, cells): validation losses after each epoch, where the trainer selects one.
    ``failure``: how the training diverged; ``model`` is then None.
    """

    model: Fitted | None
    curve: pd.DataFrame
    best_epoch: int
    trajectory: Losses
    failure: str | None


def _alone(problem: Problem, model: Any, member: CohortMember, tick: Tick) -> Outcome:
    problem = replace(problem, seed=member.seed, on_epoch=lambda *losses: tick(1))
    limit = member.trainer.epoch_limit or 1
    none = np.empty((0, 0), np.float32)
    try:
        trained = member.trainer.fit(problem, model)
    except DivergenceError as error:
        tick(limit - len(error.curve))
        return Outcome(None, error.curve, 0, none, str(error))
    tick(limit - len(trained.curve))  # the epochs that an early end saves
    losses = none if trained.trajectory.empty else np.stack(trained.trajectory["losses"].tolist())
    return Outcome(trained.model, trained.curve, trained.best_epoch, losses, None)
