"""Gradient descent: the settings, and which problem they make of the rows."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.errors import ConfigError
from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.training.problem import Problem, Trained, Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GradientDescent(Trainer):
    """Steps down the slope of the loss, one batch of rows at a time.

    ``lr``: learning rate. ``batch_size``: rows per update, or ``full``. ``epochs``: passes over
    the training rows at most. ``shuffle``: a new order of rows each epoch. ``start``: ``random``
    (from the run's seed) or the parameters in order, weights then bias, layer by layer.
    ``standardise``: learn in units of the training rows' standard deviations, features and target.
    ``keep``: the parameters of the ``best`` epoch by validation loss, or of the ``last``.
    ``patience``: stop after so many epochs without a new best; null for never. ``explode``: how
    many times its first value the training loss may reach before the run has diverged.
    ``keep_path``: keep the parameters after every update. ``checkpoint_seconds``: least time
    between two checkpoints.
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
    standardise: bool
    precision: Literal["float32", "float64"]
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

    def fit(self, problem: Problem, model: Any) -> Trained:
        """Descend. Raises DivergenceError when the training loss explodes or is not finite."""
        from viewcast.training.descent import descend  # noqa: PLC0415 (torch: only who trains pays)

        x, y = problem.x(problem.train), problem.y(problem.train)
        scaling = Scaling.of(x, y) if self.standardise else Scaling.identity(x.shape[1])
        if self.start == "random":
            rng = np.random.default_rng(problem.seed)
            start = network.start_values(x.shape[1], model.hidden, rng)
        else:
            start = np.array(self.start)
        found = descend(problem, self, model.hidden, scaling, start)
        fitted = FittedNetwork(problem.inputs, model.hidden, found.flat, scaling)
        return Trained(fitted, found.curve, found.best_epoch, path=found.path)
