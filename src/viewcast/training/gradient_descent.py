"""The trainer gradient_descent: one candidate, its checks, and its result."""

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
    """Steps against the gradient of the loss, one batch of rows at a time.

    Its settings are those of ``DescentSettings``.
    """

    serves: ClassVar[tuple[str, ...]] = ("line", "network")

    def check(self, problem: Problem, model: Any) -> None:
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

    def fit(self, problem: Problem, model: Any) -> Trained:
        """Descend. Raises DivergenceError when the training loss explodes or is not finite."""
        # torch takes more than a second to import: only training by descent needs it.
        from viewcast.training.descent import descend  # noqa: PLC0415

        scaling = self.scaling(problem)
        init = self.init_values(len(problem.inputs), model.hidden, problem.seed)
        candidate = Candidate(self, problem.seed, init)

        def on_epochs(epoch: int, ran: Any, train_loss: Vector, val_loss: Vector) -> None:
            val = None if np.isnan(val_loss[0]) else float(val_loss[0])
            problem.on_epoch(epoch, float(train_loss[0]), val)

        (descent,) = descend(problem, [candidate], model.hidden, scaling, on_epochs)
        if descent.failure is not None:
            raise DivergenceError(descent.failure, descent.curve, descent.path)
        fitted = FittedNetwork(problem.inputs, model.hidden, descent.params, scaling)
        losses = trajectory.frame(descent.trajectory)
        return Trained(
            fitted, descent.curve, descent.best_epoch, path=descent.path, trajectory=losses
        )
