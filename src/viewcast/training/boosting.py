"""Gradient boosting (Friedman 2001) of trees that LightGBM grows (Ke et al. 2017).

Shape letters: N training rows, M validation rows, E iterations.
"""

from dataclasses import dataclass as plain
from dataclasses import field
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.models.boosted import Boosted, FittedTrees
from viewcast.models.each_output import FittedEachOutput
from viewcast.scoring.loss import Vector
from viewcast.training import trajectory
from viewcast.training.problem import Problem, Trained
from viewcast.training.trainer import Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Boosting(Trainer[Boosted]):
    """Adds one tree after another, each fitted to what the loss asks of every row.

    ``iterations``: trees at most. ``learning_rate``: the share of each tree that is added.
    ``row_share``, ``feature_share``: each tree is grown from so large a random part. ``l2``: rows
    with the value 0 that every leaf is averaged with. ``restore_best``: keep the trees up to the
    iteration with the best validation loss, else all. ``patience``: stop after this many
    iterations without a new best; null for never.
    """

    name: str
    iterations: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    row_share: Annotated[float, Field(gt=0, le=1)]
    feature_share: Annotated[float, Field(gt=0, le=1)]
    l2: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    restore_best: bool
    patience: Annotated[int, Field(ge=1)] | None
    serves: ClassVar[tuple[str, ...]] = (Boosted.kind,)

    @model_validator(mode="after")
    def _patience_needs_the_best(self) -> "Boosting":
        if self.patience is not None and not self.restore_best:
            raise ValueError("patience stops after the best iteration: it needs restore_best=true")
        return self

    @property
    def epoch_limit(self) -> int | None:
        """The setting ``iterations``."""
        return self.iterations

    @property
    def selects_epoch(self) -> bool:
        """The setting ``restore_best``."""
        return self.restore_best

    def check(self, problem: Problem, model: Boosted) -> None:
        """Refuses (ConfigError) no features, no validation rows to choose by, no LightGBM."""
        if not problem.inputs:
            raise ConfigError(f"model.features = {model.features}: trees need at least one feature")
        if self.restore_best and len(problem.outputs) > 1:
            raise ConfigError(
                f"trainer.restore_best = true: each of {len(problem.outputs)} outputs would keep "
                "an iteration of its own; choose trainer.restore_best=false trainer.patience=null"
            )
        if self.restore_best and problem.validation.empty:
            raise ConfigError(
                "trainer.restore_best = true: there is no validation row to choose the iteration "
                "by; choose trainer.restore_best=false trainer.patience=null, or another data.split"
            )
        _lightgbm()

    def fit(self, problem: Problem, model: Boosted) -> Trained:
        """Boost; the result depends on the seed and, in its last bits, on the number of threads.

        Each of several outputs has trees of its own; the curve is the mean of theirs.
        """
        if len(problem.outputs) == 1:
            return self._fit(problem, model)
        fits = [self._fit(problem.of_output(name), model) for name in problem.outputs]
        curve = fits[0].curve[["epoch"]].copy()
        losses = np.stack([fit.curve[["train_loss", "val_loss"]] for fit in fits])
        curve[["train_loss", "val_loss"]] = losses.mean(axis=0)
        for epoch, train, val in curve.itertuples(index=False):
            problem.on_epoch(int(epoch), float(train), None if np.isnan(val) else float(val))
        fitted = FittedEachOutput(tuple(fit.model for fit in fits))
        return Trained(fitted, curve, int(curve["epoch"].iloc[-1]))

    def _fit(self, problem: Problem, model: Boosted) -> Trained:
        lightgbm = _lightgbm()
        course = Course(problem, self, float(problem.y(problem.train).mean()))
        train = lightgbm.Dataset(problem.x(problem.train), course.target, params=_DATA)
        sets = [train]
        if len(problem.validation):
            x, y = problem.x(problem.validation), problem.y(problem.validation)
            sets.append(lightgbm.Dataset(x, y, reference=train, params=_DATA))

        def after_iteration(state: Any) -> None:
            if course.has_ended(state.iteration + 1):
                raise lightgbm.callback.EarlyStopException(state.iteration, [])

        booster = lightgbm.train(
            {**self._growing(model, problem), "objective": course.gradient},
            train,
            self.iterations,
            valid_sets=sets,
            valid_names=["train", "validation"][: len(sets)],
            feval=lambda scores, data: course.measure(scores, data is train),
            callbacks=[after_iteration],
        )
        kept = course.best if self.restore_best else len(course.losses)
        text = booster.model_to_string(num_iteration=kept)
        fitted = FittedTrees(problem.inputs, course.constant, text)
        curve = pd.DataFrame(course.losses, columns=["train_loss", "val_loss"])
        curve.insert(0, "epoch", np.arange(1, len(curve) + 1))
        losses = pd.DataFrame()
        if self.restore_best:
            losses = trajectory.frame(np.stack(course.trajectory).astype(np.float32))
        return Trained(fitted, curve, kept, trajectory=losses)

    def _growing(self, model: Boosted, problem: Problem) -> dict[str, Any]:
        """LightGBM's parameters."""
        return {
            **_DATA,
            "num_leaves": model.leaves,
            "max_depth": -1 if model.depth is None else model.depth,
            "min_data_in_leaf": model.leaf_rows,
            "min_sum_hessian_in_leaf": 0,
            "learning_rate": self.learning_rate,
            "bagging_fraction": self.row_share,
            "bagging_freq": int(self.row_share < 1),
            "feature_fraction": self.feature_share,
            "lambda_l2": self.l2,
            "metric": "None",
            "seed": problem.seed,
            "num_threads": problem.threads,
            "deterministic": True,
            "force_row_wise": True,
        }


# Rows have every feature, so a branch for missing values would only be a wrong one.
_DATA = {"min_data_in_bin": 1, "feature_pre_filter": False, "use_missing": False, "verbosity": -1}


def _lightgbm() -> Any:
    try:
        import lightgbm  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfigError(
            "trainer = boosting: LightGBM is not installed; `pip install 'viewcast[boosting]'`"
        ) from error
    return lightgbm


@plain
class Course:
    """The losses of a training so far. ``constant``: what the trees are added to.

    ``losses`` (E, 2): training and validation loss after each iteration, NaN without validation
    rows. ``trajectory`` (E, cells): losses of validation rows, where an iteration is selected.
    """

    problem: Problem
    trainer: Boosting
    constant: float
    best: int = 0
    lowest: float = np.inf
    losses: list[list[float]] = field(default_factory=list)
    trajectory: list[Vector] = field(default_factory=list)

    @cached_property
    def target(self) -> Vector:
        """The training targets (N,)."""
        return self.problem.y(self.problem.train)

    def gradient(self, scores: Vector, data: Any) -> tuple[Vector, Vector]:
        """Gradient and curvature of the loss of each row (N,), over the mean curvature.

        The curvature of a loss f with the gradient g is taken to be g² / 2f, as of a square (Gauss
        and Newton). A loss of the residual alone has one curvature, Σg² / 2Σf: a tree is fitted to
        the residuals of squared errors, and to the signs of absolute errors times twice their mean.
        So a step has the unit of the target, whatever the loss.
        """
        loss, predicted, target = self.problem.loss, self.constant + scores, self.target
        grad = loss.grad(predicted, target, 1.0)
        twice = 2 * loss.rows(predicted, target)
        if not twice.any():
            return np.zeros(len(grad)), np.ones(len(grad))
        mean = float((grad * grad).sum() / twice.sum())
        curvature = np.full(len(grad), mean)
        if loss.rescale(1.0) is None:
            np.divide(grad * grad, twice, out=curvature, where=twice > 0)
        return grad / mean, curvature / mean

    def measure(self, scores: Vector, of_training: bool) -> tuple[str, float, bool]:
        """Note the loss of the training rows, or of the validation rows that come after them."""
        rows = self.problem.train if of_training else self.problem.validation
        losses = self.problem.loss.rows(self.constant + scores, self.problem.y(rows))
        mean = float(losses.mean())
        if of_training:
            self.losses.append([mean, np.nan])
        else:
            self.losses[-1][1] = mean
            if self.trainer.restore_best:
                self.trajectory.append(trajectory.in_cells(losses[np.newaxis])[0])
        return "loss", mean, False

    def has_ended(self, iteration: int) -> bool:
        """Report an iteration that has been measured; whether patience is used up."""
        train_loss, val_loss = self.losses[-1]
        self.problem.on_epoch(iteration, train_loss, None if np.isnan(val_loss) else val_loss)
        if val_loss < self.lowest:
            self.lowest, self.best = val_loss, iteration
        patience = self.trainer.patience
        return patience is not None and iteration - self.best >= patience
