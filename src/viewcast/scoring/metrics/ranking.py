"""Metrics of the order of rows: area under the ROC curve, and average precision.

Neither is a function of means, so the pseudo-losses come from the influence of a row on the metric:
DeLong's placements for the area (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44), and for
average precision the derivative of its sum by the weight of each row.

Shape letters: N rows, C classes, P positive rows, Q negative rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.scoring.metric import Array, Metric, RowValues, Vector
from viewcast.scoring.metrics.caution import cautioned
from viewcast.scoring.metrics.given import Classes, scores

Flags = NDArray[np.bool_]
BIASED = 100  # positives below which average precision is visibly too high by itself


def _ordered(score: Vector) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Places that sort scores (N,) upwards; where each sorted row's group of ties starts, ends."""
    order = np.argsort(score)
    ordered = score[order]
    edges = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(edges, len(score)))
    start = np.repeat(edges, sizes)
    return order, start, start + np.repeat(sizes, sizes)


def area_rows(positive: Flags, score: Vector) -> Vector:
    """Pseudo-losses (N,) of the area under the ROC curve.

    A the area, V a row's placement: the share of rows of the other class that it is ordered right
    with, a tie counts one half. A positive row has A + N/P (V - A), a negative one A + N/Q (V - A).
    """
    order, start, end = _ordered(score)
    sorted_positive = positive[order]
    before = np.concatenate([[0], np.cumsum(sorted_positive)])
    positives, rows = int(before[-1]), len(score)
    negatives = rows - positives
    positives_below = (before[start] + before[end]) / 2
    negatives_below = (start + end) / 2 - positives_below
    placement = np.where(
        sorted_positive, negatives_below / negatives, 1 - positives_below / positives
    )
    area = float(placement[sorted_positive].mean())
    weight = np.where(sorted_positive, rows / positives, rows / negatives)
    values = np.empty(rows)
    values[order] = area + weight * (placement - area)
    return values


def precision_rows(positive: Flags, score: Vector) -> Vector:
    """Pseudo-losses (N,) of average precision.

    n_i rows score at least as much as row i, and a share p_i of them is positive; average precision
    T is the mean of p_i over the P positive rows, as in scikit-learn. Row r, y_r being 1 or 0, has
    T + N/P (y_r (p_r - T) + Σ (y_r - p_i)/n_i), the sum over positive rows i that score no more.
    """
    order, start, end = _ordered(score)
    sorted_positive = positive[order].astype(np.float64)
    before = np.concatenate([[0.0], np.cumsum(sorted_positive)])
    rows, positives = len(score), before[-1]
    above = rows - start
    precision = (positives - before[start]) / above
    value = float(sorted_positive @ precision) / positives
    gained = np.cumsum(sorted_positive / above)[end - 1]
    lost = np.cumsum(sorted_positive * precision / above)[end - 1]
    influence = sorted_positive * (precision - value + gained) - lost
    values = np.empty(rows)
    values[order] = value + rows / positives * influence
    return values


@dataclass(frozen=True)
class Ranking:
    """A metric of the order: of the greater of two labels, or of each class against the rest.

    ``weighted``: the mean over classes is weighted by their rows.
    """

    name: str
    of: Callable[[Flags, Vector], Vector]
    weighted: bool = False
    more_is_better: bool = True

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """Pseudo-losses (N,)."""
        classes, score = scores(self.name, target, prediction)
        self._refuse_absent(classes)
        if score.shape[1] == 1:
            values = self.of(classes.target == 1, score[:, 0])
        else:
            values = self._of_each(classes, score)
        rarest = int(classes.counts.min())
        return cautioned(values, rarest, more=self._bias(rarest))

    def _of_each(self, classes: Classes, score: Vector) -> Vector:
        rows, count = score.shape
        values = np.zeros(rows)
        for place in range(count):
            positive = classes.target == place
            own = self.of(positive, score[:, place])
            if self.weighted:  # the weight is a mean of rows itself: d(w·T) = w·dT + T·dw
                share = positive.mean()
                values += share * own + (positive - share) * own.mean()
            else:
                values += own / count
        return values

    def _refuse_absent(self, classes: Classes) -> None:
        absent = np.flatnonzero(classes.counts == 0)
        if len(absent):
            raise DataError(
                f"{self.name}: no row has the class {classes.labels[absent[0]]}, expected rows of "
                f"all {len(classes.labels)}; take log_loss or accuracy, or more validation rows"
            )

    def _bias(self, rarest: int) -> str:
        if self.of is not precision_rows or rarest >= BIASED:
            return ""
        return f"average precision of {rarest} positive rows is too high by itself"


RANKINGS: tuple[Metric, ...] = (
    Ranking("roc_auc", area_rows),
    Ranking("roc_auc_weighted", area_rows, weighted=True),
    Ranking("average_precision", precision_rows),
    Ranking("average_precision_weighted", precision_rows, weighted=True),
)
