"""Metrics that are smooth functions of means over rows: root mean squared error, R², perplexity.

A metric g of the means s̄ has the pseudo-losses g(s̄) + ∇g(s̄)·(s_i - s̄): their mean is the metric,
and their spread is that of the metric to first order (the delta method; Efron & Tibshirani 1993,
An Introduction to the Bootstrap, chapter 22).
"""

from dataclasses import dataclass

import numpy as np

from viewcast.base.errors import DataError
from viewcast.scoring.loss import MSE, Loss
from viewcast.scoring.metric import Array, Metric, RowValues
from viewcast.scoring.metrics.given import numbers
from viewcast.scoring.metrics.row_means import LogLoss, MeanLoss
from viewcast.scoring.msle import MSLE


@dataclass(frozen=True)
class Root:
    """The square root of a mean loss."""

    name: str
    of: Loss
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """√m + (s_i - m) / 2√m; all 0 where every row is predicted exactly."""
        values = MeanLoss(self.name, self.of).rows(target, prediction).values
        root = float(np.sqrt(values.mean()))
        return RowValues(values if root == 0 else root + (values - values.mean()) / (2 * root))


@dataclass(frozen=True)
class Perplexity:
    """exp of the mean log loss."""

    name: str = "perplexity"
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """P(1 + s_i - m)."""
        values = LogLoss(self.name).rows(target, prediction).values
        return RowValues(np.exp(values.mean()) * (1 + values - values.mean()))


@dataclass(frozen=True)
class R2:
    """1 - mean squared error over the variance of the targets.

    ``centred``: the error's own mean is taken off first, which makes it the explained variance.
    """

    name: str
    centred: bool
    more_is_better: bool = True

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """T - (e_i² + (T - 1)(y_i - ȳ)²) / v, T the metric and v the variance of the targets.

        Explained variance has (e_i - ē)² for e_i². The derivatives by ē and ȳ are 0.
        """
        wanted, found = numbers(self.name, target, prediction)
        error = wanted - found
        unexplained = (error - (error.mean() if self.centred else 0)) ** 2
        spread = (wanted - wanted.mean()) ** 2
        variance = float(spread.mean())
        if variance == 0:
            raise DataError(
                f"{self.name}: all {len(wanted):,} targets are {wanted[0]:g}, so there is nothing "
                "to explain; take rmse or mae"
            )
        value = 1 - float(unexplained.mean()) / variance
        return RowValues(value - (unexplained + (value - 1) * spread) / variance)


OF_MEANS: tuple[Metric, ...] = (
    Root("rmse", MSE()),
    Root("rmsle", MSLE()),
    Perplexity(),
    R2("r2", centred=False),
    R2("explained_variance", centred=True),
)
