"""Metrics of a model as pseudo-losses: one number for each validation row, with the metric as mean.

Whatever needs row losses (the correction for the choice, its bound, the confidence set) takes
pseudo-losses as they are. Shape letters: N rows, C classes.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Array = NDArray[Any]  # numbers, or class labels as text


@dataclass(frozen=True)
class RowValues:
    """``values`` (N,): their mean is the metric, in the user's own direction.

    ``approximate``: why a bound from them is approximate or may not be given, None where exact.
    ``bound``: whether one may be given at all (not with under 50 rows of the rarer class).
    """

    values: Vector
    approximate: str | None = None
    bound: bool = True


class Metric(Protocol):
    """What an audit asks of a metric."""

    @property
    def name(self) -> str:
        """The canonical name: rmse, accuracy, roc_auc."""

    @property
    def more_is_better(self) -> bool:
        """Its direction."""

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """Pseudo-losses (N,) of predictions (N,) or class probabilities (N, C) for targets (N,).

        Refuses (DataError) what has no such metric: numbers that are not finite, one class alone.
        """
