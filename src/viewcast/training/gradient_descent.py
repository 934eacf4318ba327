"""Gradient descent: the settings, and which problem they make of the rows."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError, DivergenceError
from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Vector
from viewcast.training import trajectory
from viewcast.training.candidate import Candidate
from viewcast.training.problem import Problem, Trained, Trainer
from viewcast.training.settings import DescentSettings


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GradientDescent(DescentSettings, Trainer):
    """Steps down the slope of the loss, one batch of rows at a time.

    Its settings are those of ``DescentSettings``.
    """

    serves: ClassVar[tuple[str, ...]] = ("line", "network")

    def check(self, problem: Problem, model: Any) -> None:
        """Refuses (ConfigError) a best epoch without validation rows, a start of the wrong size."""
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

    def fit(self, problem: Problem, model: Any) -> Trained:
        """Descend. Raises DivergenceError when the training loss explodes or is not finite."""
        # torch takes more than a second to import: only who trains pays.
        #: PLC0415
        from viewcast.training.descent import descend  # noqa: PLC0415

        scaling = self.scaling(problem)
        start = self.init_values(len(problem.inputs), model.hidden, problem.seed)
        candidate = Candidate(self, problem.seed, start)

        def on_epochs(epoch: int, ran: Any, train_loss: Vector, val_loss: Vector) -> None:
            val = None if np.isnan(val_loss[0]) else float(val_loss[0])
            problem.on_epoch(epoch, float(train_loss[0]), val)

        (found,) = descend(problem, [candidate], model.hidden, scaling, on_epochs)
        if found.failure is not None:
            raise DivergenceError(found.failure, found.curve, found.path)
        fitted = FittedNetwork(problem.inputs, model.hidden, found.params, scaling)
        losses = trajectory.frame(found.trajectory)
        return Trained(fitted, found.curve, found.best_epoch, path=found.path, trajectory=losses)
