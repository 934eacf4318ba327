"""Gradient descent: the settings, and which problem they make of the rows."""

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.errors import ConfigError, DivergenceError
from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling, Vector
from viewcast.training import trajectory
from viewcast.training.problem import Problem, Trained, Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GradientDescent(Trainer):
    """Steps down the slope of the loss, one batch of rows at a time.

    ``lr``: learning rate. ``batch_size``: rows per update, or ``full``. ``epochs``: passes over
    the training rows at most. ``shuffle``: a new order of rows each epoch. ``start``: ``random``
    (from the run's seed) or the parameters in order, weights then bias, layer by layer.
    ``weight_decay``: this times the parameters is added to the gradient. ``row_share``,
    ``feature_share``: learn from so large a random part of the training rows, of the features.
    ``standardise``: learn in units of the training rows' standard deviations, features and target.
    ``train_loss``: measured on all training rows ``after`` the epoch, or ``during`` it, each row
    just before its update, which costs nothing. ``keep``: the parameters of the ``best`` epoch by
    validation loss, or of the ``last``. ``patience``: stop after so many epochs without a new best;
    null for never. ``explode``: how many times its first value the training loss may reach before
    the run has diverged. ``keep_path``: keep the parameters after every update.
    ``checkpoint_seconds``: least time between two checkpoints.
    """

    name: str
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"]
    epochs: Annotated[int, Field(ge=1)]
    shuffle: bool
    start: Literal["random"] | list[Annotated[float, Field(allow_inf_nan=False)]]
    optimiser: Literal["sgd", "adam"]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    row_share: Annotated[float, Field(gt=0, le=1)]
    feature_share: Annotated[float, Field(gt=0, le=1)]
    standardise: bool
    precision: Literal["float32", "float64"]
    train_loss: Literal["after", "during"]
    keep: Literal["best", "last"]
    patience: Annotated[int, Field(ge=1)] | None
    explode: Annotated[float, Field(gt=1)]
    keep_path: bool
    checkpoint_seconds: Annotated[float, Field(ge=0)]
    serves: ClassVar[tuple[str, ...]] = ("line", "network")

    @model_validator(mode="after")
    def _patience_needs_the_best(self) -> "GradientDescent":
        if self.patience is not None and self.keep == "last":
            raise ValueError("patience stops after the best epoch: it needs keep = best")
        return self

    def check(self, problem: Problem, model: Any) -> None:
        """Refuses (ConfigError) a best epoch without validation rows, a start of the wrong size."""
        if problem.validation.empty and self.keep == "best":
            raise ConfigError(
                "trainer.keep = best: there is no validation row to choose the epoch by; "
                "choose trainer.keep=last trainer.patience=null, or another data.split"
            )
        expected = network.size(len(problem.inputs), model.hidden)
        if self.start != "random" and len(self.start) != expected:
            raise ConfigError(
                f"trainer.start = {self.start}: found {len(self.start)} values, "
                f"the model has {expected} parameters"
            )

    def for_epochs(self, epochs: int) -> "GradientDescent":
        """The same descent to its last epoch, which is number ``epochs``."""
        return replace(self, epochs=epochs, keep="last", patience=None)

    def scaling(self, problem: Problem) -> Scaling:
        """The units to learn in, known from the training rows alone."""
        x, y = problem.x(problem.train), problem.y(problem.train)
        return Scaling.of(x, y) if self.standardise else Scaling.identity(x.shape[1])

    def start_values(self, features: int, hidden: tuple[int, ...], seed: int) -> Vector:
        """Where to start from (P,), in the units to learn in."""
        if self.start == "random":
            return network.start_values(features, hidden, np.random.default_rng(seed))
        return np.array(self.start)

    def fit(self, problem: Problem, model: Any) -> Trained:
        """Descend. Raises DivergenceError when the training loss explodes or is not finite."""
        # torch takes more than a second to import: only who trains pays.
        from viewcast.training.descent import Candidate, descend  # noqa: PLC0415

        scaling = self.scaling(problem)
        start = self.start_values(len(problem.inputs), model.hidden, problem.seed)
        candidate = Candidate(self, problem.seed, start)

        def on_epochs(epoch: int, ran: Any, train_loss: Vector, val_loss: Vector) -> None:
            val = None if np.isnan(val_loss[0]) else float(val_loss[0])
            problem.on_epoch(epoch, float(train_loss[0]), val)

        (found,) = descend(problem, [candidate], model.hidden, scaling, on_epochs)
        if found.failure is not None:
            raise DivergenceError(found.failure, found.curve, found.path)
        fitted = FittedNetwork(problem.inputs, model.hidden, found.flat, scaling)
        losses = trajectory.frame(found.trajectory)
        return Trained(fitted, found.curve, found.best_epoch, path=found.path, trajectory=losses)
