"""The trainer gradient_descent: its checks, and one network or a cohort of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError, DivergenceError
from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.model import LINE, NetworkModel
from viewcast.models.scaling import Vector
from viewcast.scoring.loss import Loss
from viewcast.training import trajectory
from viewcast.training.candidate import Candidate
from viewcast.training.descent import descend
from viewcast.training.problem import Problem, Trained
from viewcast.training.settings import DescentSettings
from viewcast.training.torch_engine.chunks import chunks
from viewcast.training.trainer import CohortMember, Outcome, Tick, Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GradientDescent(DescentSettings, Trainer[NetworkModel]):
    """Steps against the gradient of the loss, one batch of rows at a time.

    Its settings are those of ``DescentSettings``.
    """

    serves: ClassVar[tuple[str, ...]] = (LINE, "network")

    @property
    def epoch_limit(self) -> int | None:
        """The setting ``epochs``."""
        return self.epochs

    @property
    def selects_epoch(self) -> bool:
        """The setting ``restore_best``."""
        return self.restore_best

    def check_settings(self, model: NetworkModel, loss: Loss) -> None:
        """Refuses (ConfigError) ``standardise`` with a loss that has no factor of scale."""
        super().check_settings(model, loss)
        if self.standardise and loss.rescale(1.0) is None:
            raise ConfigError(
                f"trainer.standardise = true contradicts loss = {loss.name}, which in standardised "
                "units of the target is another loss; choose trainer.standardise=false"
            )

    def check(self, problem: Problem, model: NetworkModel) -> None:
        """Refuses (ConfigError) ``restore_best`` without validation rows, a wrong ``init``."""
        if problem.validation.empty and self.restore_best:
            raise ConfigError(
                "trainer.restore_best = true: there is no validation row to choose the epoch by; "
                "choose trainer.restore_best=false trainer.patience=null, or another data.split"
            )
        expected = network.size(len(problem.inputs), model.hidden)
        if self.init != "random" and len(self.init) != expected:
            raise ConfigError(
                f"trainer.init = {self.init}: found {len(self.init)} values, "
                f"the model has {expected} parameters"
            )

    def for_epochs(self, epochs: int) -> "GradientDescent":
        """The same descent to its last epoch, which is number ``epochs``."""
        return replace(self, epochs=epochs, restore_best=False, patience=None)

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """Descend. Raises DivergenceError when the training loss explodes or is not finite."""
        scaling = self.scaling(problem)
        init = self.init_values(len(problem.inputs), model.hidden, problem.seed)
        candidate = Candidate(self, problem.seed, init)

        def report(places: Any, epochs: Any, train_losses: Vector, val_losses: Vector) -> None:
            for epoch, train, val in zip(epochs, train_losses, val_losses, strict=True):
                problem.on_epoch(int(epoch), float(train), None if np.isnan(val) else float(val))

        (descent,) = descend(problem, [candidate], model.hidden, scaling, report)
        if descent.failure is not None:
            raise DivergenceError(descent.failure, descent.curve, descent.path)
        fitted = FittedNetwork(problem.inputs, model.hidden, descent.params, scaling)
        losses = trajectory.frame(descent.trajectory)
        return Trained(
            fitted, descent.curve, descent.best_epoch, path=descent.path, trajectory=losses
        )

    @classmethod
    def cohorts(
        cls, problem: Problem, model: NetworkModel, members: Sequence[CohortMember]
    ) -> list[list[int]]:
        """Chunks of candidates that share the shape of a batch, as large as the caches allow."""
        features, rows = len(problem.inputs), (len(problem.train), len(problem.validation))
        candidates = _candidates(problem, model, members)
        planned = chunks(candidates, features, model.hidden, rows[0], problem.device, rows[1])
        return list(planned)

    @classmethod
    def fit_cohort(
        cls, problem: Problem, model: NetworkModel, members: Sequence[CohortMember], tick: Tick
    ) -> list[Outcome]:
        """All members at once."""
        done = 0

        def report(places: Any, epochs: Any, train_losses: Any, val_losses: Any) -> None:
            nonlocal done
            done += len(places)
            tick(len(places))

        candidates = _candidates(problem, model, members)
        scaling = candidates[0].settings.scaling(problem)
        descents = descend(problem, candidates, model.hidden, scaling, report)
        tick(sum(c.settings.epochs for c in candidates) - done)  # of those that ended early
        return [
            Outcome(
                FittedNetwork(problem.inputs, model.hidden, descent.params, scaling)
                if descent.failure is None
                else None,
                descent.curve,
                descent.best_epoch,
                descent.trajectory,
                descent.failure,
            )
            for descent in descents
        ]


def _candidates(
    problem: Problem, model: NetworkModel, members: Sequence[CohortMember]
) -> list[Candidate]:
    candidates = []
    for member in members:
        settings, features = member.trainer, len(problem.inputs)
        assert isinstance(settings, GradientDescent), "a cohort has one class of trainer"
        init = settings.init_values(features, model.hidden, member.seed)
        candidates.append(Candidate(settings, member.seed, init))
    return candidates
