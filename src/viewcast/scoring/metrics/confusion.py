"""Metrics of the confusion matrix: balanced accuracy, precision, recall, F1, MCC, Cohen's kappa.

Each is a function g of the matrix M (C, C), M[i, j] the share of rows of class i that are predicted
as j, and is given with its derivative D (C, C). The pseudo-loss of a row of class i predicted as j
is then g + D[i, j] - Σ M·D. A ratio with denominator 0 is 0, as in scikit-learn, and has no
derivative.

Shape letters: N rows, C classes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.scoring.metric import Array, Metric, RowValues, Vector
from viewcast.scoring.metrics.caution import cautioned
from viewcast.scoring.metrics.given import predicted

Matrix = NDArray[np.float64]
ONE_CLASS = 1e-10  # what rounding leaves of a spread of 0; one row in a billion leaves more


@dataclass(frozen=True, eq=False)
class Value:
    """A metric, its derivative by the confusion matrix (C, C), and whether it has one.

    ``divisors``: the shares of rows that the metric divides by.
    """

    value: float
    derivative: Matrix
    divisors: Vector

    @property
    def defined(self) -> bool:
        """Whether nothing was divided by 0."""
        return bool((self.divisors > 0).all())


@dataclass(frozen=True)
class OfConfusion:
    """A metric of the confusion matrix. ``binary``: of the greater of two labels alone."""

    name: str
    of: Callable[[Matrix], Value]
    binary: bool = False
    more_is_better: bool = True

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """Pseudo-losses (N,)."""
        classes, found = predicted(self.name, target, prediction)
        count = len(classes.labels)
        if self.binary and count > 2:
            raise DataError(
                f"{self.name}: found {count} classes, expected two; take {self.name}_macro, "
                f"{self.name}_weighted or {self.name}_micro"
            )
        if count < 2:
            raise DataError(
                f"{self.name}: all targets and predictions are {classes.labels[0]}, expected two "
                "classes or more"
            )
        cells = np.bincount(classes.target * count + found, minlength=count**2)
        shares = cells.reshape(count, count) / len(found)
        it = self.of(shares)
        influence = it.derivative - (shares * it.derivative).sum()
        values = it.value + influence[classes.target, found]
        rarest = min(classes.counts[classes.counts > 0].min(), _rows(it.divisors, len(found)))
        return cautioned(values, int(rarest), defined=it.defined)


def _rows(divisors: Vector, count: int) -> int:
    return round(float(divisors.min()) * count)


def balanced_accuracy(shares: Matrix) -> Value:
    """Mean over the classes that have rows of the share of their rows that is predicted."""
    size = shares.sum(axis=1)
    there = size > 0
    divisor = np.where(there, size, 1.0)
    recall = np.diag(shares) / divisor
    derivative = (np.eye(len(size)) - recall[:, np.newaxis]) / divisor[:, np.newaxis]
    derivative[~there] = 0
    return Value(float(recall.sum() / there.sum()), derivative / there.sum(), size[there])


def correlation(shares: Matrix) -> Value:
    """Matthews' correlation coefficient, for C classes after Gorodkin (2004)."""
    true, found = shares.sum(axis=1), shares.sum(axis=0)
    joint = np.trace(shares) - true @ found
    spread = np.array([1 - found @ found, 1 - true @ true])
    if spread.min() < ONE_CLASS:
        return Value(0.0, np.zeros_like(shares), np.zeros(1))
    root = float(np.sqrt(spread.prod()))
    value = joint / root
    of_joint = np.eye(len(true)) - found[:, np.newaxis] - true
    of_root = found / spread[0] + true[:, np.newaxis] / spread[1]  # -d log root
    return Value(float(value), of_joint / root + value * of_root, np.ones(1))


def kappa(shares: Matrix) -> Value:
    """Cohen's kappa (1960): agreement beyond that of two independent labellers."""
    true, found = shares.sum(axis=1), shares.sum(axis=0)
    chance = true @ found
    if 1 - chance < ONE_CLASS:
        return Value(0.0, np.zeros_like(shares), np.zeros(1))
    value = (np.trace(shares) - chance) / (1 - chance)
    of_chance = found[:, np.newaxis] + true
    derivative = (np.eye(len(true)) - of_chance + value * of_chance) / (1 - chance)
    return Value(float(value), derivative, np.ones(1))


@dataclass(frozen=True)
class Ratios:
    """Of each class: precision, recall or F1, as a ratio, and how they become one number.

    The ratio is a·M[c, c] / (t·true + p·predicted), with a = t + p. ``average``: ``binary`` takes
    the last class, ``macro`` the mean, ``weighted`` the mean weighted by rows.
    """

    by_true: float
    by_predicted: float
    average: str

    def __call__(self, shares: Matrix) -> Value:
        """The average over classes, with its derivative."""
        true, found = shares.sum(axis=1), shares.sum(axis=0)
        count = len(true)
        divisor = self.by_true * true + self.by_predicted * found
        safe = np.where(divisor > 0, divisor, 1.0)
        factor = self.by_true + self.by_predicted
        ratio = factor * np.diag(shares) / safe
        weight = true if self.average == "weighted" else np.full(count, 1 / count)
        if self.average == "binary":
            weight = np.eye(count)[-1]
        slope = np.where(divisor > 0, weight / safe, 0.0)
        lost = slope * ratio
        derivative = (
            np.diag(slope * factor)
            - (self.by_true * lost)[:, np.newaxis]
            - self.by_predicted * lost
        )
        if self.average == "weighted":
            derivative = derivative + ratio[:, np.newaxis]
        return Value(float(weight @ ratio), derivative, divisor[weight > 0] / factor)


AVERAGES = ("binary", "macro", "weighted")
_RATIOS = {"precision": (0.0, 1.0), "recall": (1.0, 0.0), "f1": (1.0, 1.0)}

OF_CONFUSION: tuple[Metric, ...] = (
    OfConfusion("balanced_accuracy", balanced_accuracy),
    OfConfusion("mcc", correlation),
    OfConfusion("kappa", kappa),
    *(
        OfConfusion(
            name if average == "binary" else f"{name}_{average}",
            Ratios(*by, average),
            binary=average == "binary",
        )
        for name, by in _RATIOS.items()
        for average in AVERAGES
    ),
)
