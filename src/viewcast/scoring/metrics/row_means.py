"""Metrics that are means over rows: the value of a row is its own, and nothing is approximate.

Shape letters: N rows, C classes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viewcast.base.errors import DataError
from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.scoring.metric import Array, Metric, RowValues, Vector
from viewcast.scoring.metrics.given import numbers, predicted, probabilities
from viewcast.scoring.msle import MSLE


@dataclass(frozen=True)
class MeanLoss:
    """The mean of a loss that models here can be trained with."""

    name: str
    loss: Loss
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """The loss of each row."""
        wanted, found = numbers(self.name, target, prediction)
        refusal = self.loss.refusal(wanted)
        if refusal is not None:
            raise DataError(f"{self.name}: {refusal}")
        return RowValues(np.asarray(self.loss.rows(found, wanted), np.float64))


@dataclass(frozen=True)
class MeanOfNumbers:
    """The mean of a function of target and prediction, each a number."""

    name: str
    of_rows: Callable[[Vector, Vector], Vector]
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """The function of each row."""
        return RowValues(self.of_rows(*numbers(self.name, target, prediction)))


@dataclass(frozen=True)
class Hits:
    """The share of rows whose class is predicted (``accuracy``), or is not (``zero_one``).

    Precision, recall and F1 averaged over all decisions (``micro``) are the same share.
    """

    name: str
    more_is_better: bool

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """1 or 0 of each row."""
        classes, found = predicted(self.name, target, prediction)
        hit = found == classes.target
        return RowValues((hit if self.more_is_better else ~hit).astype(np.float64))


@dataclass(frozen=True)
class LogLoss:
    """Mean of -log of the probability that the true class was given, as in scikit-learn.

    A probability of 0 counts as the least step of its number type, so that one row cannot make the
    mean infinite.
    """

    name: str = "log_loss"
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """The loss of each row."""
        classes, chances = probabilities(self.name, target, prediction)
        least = np.finfo(prediction.dtype if prediction.dtype.kind == "f" else np.float64).eps
        own = chances[np.arange(len(chances)), classes.target]
        return RowValues(-np.log(np.clip(own, least, 1 - least)))


@dataclass(frozen=True)
class Brier:
    """Mean squared distance of the probabilities from the true class.

    Brier (1950): summed over classes. With two classes it is half of that, the square for one of
    them, as in scikit-learn.
    """

    name: str = "brier"
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """The squared distance of each row."""
        classes, chances = probabilities(self.name, target, prediction)
        own = chances[np.arange(len(chances)), classes.target]
        squares = (chances**2).sum(axis=1) - 2 * own + 1
        return RowValues(squares / 2 if chances.shape[1] == 2 else squares)


def _share_of_target(target: Vector, prediction: Vector) -> Vector:
    if not target.all():
        raise DataError(
            f"mape: {(target == 0).sum():,} of {len(target):,} targets are 0, of which an error is "
            "no share; take mae or smape"
        )
    return np.abs((prediction - target) / target)


def _share_of_both(target: Vector, prediction: Vector) -> Vector:
    """2|e| / (|target| + |prediction|), 0 where both are 0: between 0 and 2."""
    size = np.abs(target) + np.abs(prediction)
    return 2 * np.abs(prediction - target) / np.where(size > 0, size, 1.0)


MEANS: tuple[Metric, ...] = (
    MeanLoss("mse", MSE()),
    MeanLoss("mae", MAE()),
    MeanLoss("msle", MSLE()),
    MeanOfNumbers("mape", _share_of_target),
    MeanOfNumbers("smape", _share_of_both),
    LogLoss(),
    Brier(),
    Hits("accuracy", more_is_better=True),
    Hits("zero_one", more_is_better=False),
    *(Hits(f"{name}_micro", more_is_better=True) for name in ("precision", "recall", "f1")),
)
