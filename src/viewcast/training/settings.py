"""The settings of gradient descent, and the units and initial parameters that follow from them."""

from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.models import network
from viewcast.models.scaling import Scaling, Vector
from viewcast.training.problem import Problem


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DescentSettings:
    """How a candidate is trained by gradient descent.

    ``optimizer``: gradient descent with momentum (``sgd``) or Adam. ``precision``: of the numbers
    in training. ``lr``: learning rate. ``batch_size``: rows per update, or ``full``. ``epochs``:
    passes over the training rows at most. ``shuffle``: a new order of rows each epoch. ``init``:
    ``random`` (from the run's seed) or the parameters in order, weights then bias, layer by layer.
    ``weight_decay``: this times the parameters is added to the gradient. ``row_share``,
    ``feature_share``: learn from so large a random part of the training rows, of the features.
    ``standardise``: learn in units of the training rows' standard deviations, features and target.
    ``train_loss``: measured on all training rows ``after`` the epoch, or ``during`` it, each row
    just before its update, which costs nothing. ``restore_best``: keep the parameters of the best
    epoch by validation loss, else those of the last epoch. ``patience``: stop after this many
    epochs without a new best; null for never. ``divergence_factor``: a run has diverged when its
    training loss exceeds this many times the initial one. ``keep_path``: keep the parameters after
    every update. ``checkpoint_seconds``: least time between two checkpoints. ``engine``: what
    executes the training; ``auto`` is ``compiled`` where it can (float32, on a CPU), else torch.
    ``sample_weight``: the column of the prepared table that training rows count in proportion to;
    null where all count alike.
    """

    name: str
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"]
    epochs: Annotated[int, Field(ge=1)]
    shuffle: bool
    init: Literal["random"] | list[Annotated[float, Field(allow_inf_nan=False)]]
    optimizer: Literal["sgd", "adam"]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    row_share: Annotated[float, Field(gt=0, le=1)]
    feature_share: Annotated[float, Field(gt=0, le=1)]
    standardise: bool
    precision: Literal["float32", "float64"]
    train_loss: Literal["after", "during"]
    restore_best: bool
    patience: Annotated[int, Field(ge=1)] | None
    divergence_factor: Annotated[float, Field(gt=1)]
    keep_path: bool
    checkpoint_seconds: Annotated[float, Field(ge=0)]
    engine: Literal["auto", "compiled", "torch"]
    sample_weight: str | None

    @model_validator(mode="after")
    def _patience_needs_the_best(self) -> "DescentSettings":
        if self.patience is not None and not self.restore_best:
            raise ValueError("patience stops after the best epoch: it needs restore_best = true")
        return self

    def scaling(self, problem: Problem) -> Scaling:
        """The units to learn in, known from the training rows alone."""
        if not self.standardise:
            return Scaling.identity(len(problem.inputs))
        return Scaling.of_blocks(problem.blocks(problem.train))

    def init_values(
        self, features: int, hidden: tuple[int, ...], seed: int, outputs: int = 1
    ) -> Vector:
        """Initial parameters (P,), in the units to learn in."""
        if self.init == "random":
            return network.init_values(features, hidden, np.random.default_rng(seed), outputs)
        return np.array(self.init)
