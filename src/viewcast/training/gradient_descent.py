"""The trainer gradient_descent: its checks, and one network or a cohort of them."""

from collections.abc import Sequence
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
from viewcast.training.choice import check_engine, engine_of, is_meant_for_compiled
from viewcast.training.descent import descend
from viewcast.training.problem import Problem, Trained
from viewcast.training.settings import DescentSettings
from viewcast.training.trainer import CohortMember, Outcome, Tick, Trainer
from viewcast.training.weights import row_weights


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

    @property
    def weight_column(self) -> str | None:
        """The setting ``sample_weight``."""
        return self.sample_weight

    def uses_threads(self, loss: Loss, device: str) -> bool:
        """Whether PyTorch is meant to train: the compiled engine has one order of every sum."""
        return not is_meant_for_compiled(self, loss, device)

    def check_settings(self, model: NetworkModel, loss: Loss) -> None:
        """Refuses (ConfigError) ``engine = compiled`` where it cannot train this."""
        super().check_settings(model, loss)
        check_engine(self, loss)

    def check(self, problem: Problem, model: NetworkModel) -> None:
        """Refuses (ConfigError) ``restore_best`` without validation rows, a wrong ``init``, wrong
        weights of rows, an engine that cannot run here.
        """
        engine_of(self, problem.loss, problem.device)
        row_weights(problem, self.sample_weight)
        if problem.validation.empty and self.restore_best:
            raise ConfigError(
                "trainer.restore_best = true: there is no validation row to choose the epoch by; "
                "choose trainer.restore_best=false trainer.patience=null, or another data.split"
            )
        expected = network.size(len(problem.inputs), model.hidden, len(problem.outputs))
        if self.init != "random" and len(self.init) != expected:
            raise ConfigError(
                f"trainer.init = {self.init}: found {len(self.init)} values, "
                f"the model has {expected} parameters"
            )

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """Descend. Raises DivergenceError when the training loss explodes or is not finite."""
        scaling = self.scaling(problem)
        candidate = _candidate(self, problem.seed, problem, model)

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
    def fit_cohort(
        cls,
        problem: Problem,
        model: NetworkModel,
        members: Sequence[CohortMember],
        tick: Tick,
        workers: int = 1,
    ) -> list[Outcome]:
        """All members; those that learn in the same units, from rows of the same weights, share
        the rows.
        """
        groups: dict[Any, list[int]] = {}
        for place, member in enumerate(members):
            settings = _settings(member)
            groups.setdefault((settings.standardise, settings.sample_weight), []).append(place)
        outcomes: dict[int, Outcome] = {}
        for places in groups.values():
            chosen = [members[place] for place in places]
            found = _fit_group(problem, model, chosen, tick, workers)
            outcomes.update(zip(places, found, strict=True))
        return [outcomes[place] for place in range(len(members))]


def _fit_group(
    problem: Problem,
    model: NetworkModel,
    members: Sequence[CohortMember],
    tick: Tick,
    workers: int,
) -> list[Outcome]:
    candidates = [_candidate(_settings(member), member.seed, problem, model) for member in members]
    scaling = candidates[0].settings.scaling(problem)
    done = 0

    def report(places: Any, epochs: Any, train_losses: Any, val_losses: Any) -> None:
        nonlocal done
        done += len(places)
        tick(len(places))

    descents = descend(problem, candidates, model.hidden, scaling, report, workers)
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


def _candidate(
    settings: GradientDescent, seed: int, problem: Problem, model: NetworkModel
) -> Candidate:
    features, outputs = len(problem.inputs), len(problem.outputs)
    return Candidate(settings, seed, settings.init_values(features, model.hidden, seed, outputs))


def _settings(member: CohortMember) -> GradientDescent:
    assert isinstance(member.trainer, GradientDescent), "a cohort has one class of trainer"
    return member.trainer
