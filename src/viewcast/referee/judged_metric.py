"""The metric of a referee: losses of some rows, without a word that depends on their targets.

What is refused is decided by targets of our own making, and what is taken has a finite loss on any
rows: so neither a refusal nor its absence tells of a target.

Shape letters: N rows, C classes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.quoted import MOST, shortened
from viewcast.referee.answers import RefusedError
from viewcast.referee.gains import Indices, Vector
from viewcast.scoring.metric import Array, Metric
from viewcast.scoring.metrics import Percent
from viewcast.scoring.metrics.confusion import OfConfusion
from viewcast.scoring.metrics.given import as_array
from viewcast.scoring.metrics.named import OwnLoss
from viewcast.scoring.metrics.of_means import Perplexity
from viewcast.scoring.metrics.ranking import Ranking
from viewcast.scoring.metrics.row_means import Brier, Hits, LogLoss

FEW = 20  # different targets of a function of the user's; more of them are amounts, not classes
GREATEST = 1e30  # a target, or a row's loss at targets of 1 to 2: beyond, sums could overflow
TELLABLE = 1e90  # a row's loss whose cube can be summed over any rows
OF_CLASSES = (Hits, LogLoss, Brier, Perplexity, OfConfusion, Ranking)
OF_ALL_CLASSES = (OfConfusion, Ranking)  # one that lacks a class is another metric


def plain(values: Any, what: str) -> Array:
    """Lists, frames and tensors as an array; numbers that float64 can hold are float64.

    Refuses (RefusedError) missing text.
    """
    found = as_array(values)
    if found.dtype.kind == "O":
        missing = pd.isna(np.asarray(values, dtype=object)).reshape(len(found), -1).any(axis=1)
        if missing.any():
            raise RefusedError(
                f"{what}: missing in {int(missing.sum())} of {len(found)} rows, the first is row "
                f"{int(np.flatnonzero(missing)[0])}; expected one for each row"
            )
        return found
    if found.dtype.kind in "biuf" and found.size:
        number = found.astype(np.float64)
        with np.errstate(invalid="ignore"):
            if found.dtype.kind == "f" or (number.astype(found.dtype) == found).all():
                return number
    return found


@dataclass(frozen=True, eq=False)
class JudgedMetric:
    """A ``metric`` of known ``targets`` (N,)."""

    metric: Metric
    targets: Array

    def losses(self, predictions: Array, rows: Indices) -> Vector | None:
        """Pseudo-losses of some rows, less is better; None where the predictions have none: only
        a function of the user's can do that to checked predictions.
        """
        targets = self._columns if self._of_columns(predictions) else self.targets
        try:
            with np.errstate(all="ignore"):
                values = self.metric.rows(targets[rows], predictions[rows]).values
        except DataError:
            return None
        losses = np.asarray(-values if self.metric.more_is_better else values, np.float64)
        return losses if (np.abs(losses) <= TELLABLE).all() else None

    def check(self, predictions: Array) -> Array:
        """Predictions (N,) or (N, C), as ``plain`` gives them, as they are judged.

        Refuses (RefusedError) another number of rows, what is not finite, and what the metric
        refuses of other targets: the refusal tells nothing of the real ones.
        """
        count = len(self.targets)
        given = predictions
        if given.ndim == 2 and given.shape[1] == 1:
            given = given[:, 0]
        if given.ndim not in (1, 2) or len(given) != count or not given.size:
            raise RefusedError(
                f"predictions of shape {predictions.shape}; expected {(count,)}, one for each row, "
                f"or {(count, 'C')}, one probability for each class"
            )
        if given.dtype.kind == "f":
            wrong = ~np.isfinite(given.reshape(count, -1)).all(axis=1)
            if wrong.any():
                raise RefusedError(
                    f"predictions: not finite in {int(wrong.sum())} of {count} rows, the first is "
                    f"row {int(np.flatnonzero(wrong)[0])}; expected one number for each row"
                )
        try:
            with np.errstate(all="ignore"):
                others = self._other_columns if self._of_columns(given) else self._others
                values = self.metric.rows(others, given).values
        except DataError as error:
            raise RefusedError(f"predictions: {error}") from None
        if not (np.abs(values) <= GREATEST).all():
            raise RefusedError(
                f"predictions: some are so great that their {self.metric.name} cannot be told from "
                "that of others; expected numbers as great as the targets"
            )
        return given

    def check_targets(self, rows: Indices, which: str) -> None:
        """Refuses (DataError) targets of which the metric cannot be told, whatever is predicted.

        ``which``: the rows, for the message. A function of the user's is not tried.
        """
        kind = _unwrapped(self.metric)
        targets = self.targets[rows]
        if isinstance(kind, OwnLoss):
            return
        if isinstance(kind, OF_CLASSES):
            absent = sorted(set(self._labels.tolist()) - set(targets.tolist()), key=str)
            if absent and isinstance(kind, OF_ALL_CLASSES):
                raise DataError(
                    f"{self.metric.name}: none of {len(rows)} rows {which} has the class "
                    f"{shortened(str(absent[0]), MOST)}, expected rows of every class; take "
                    "accuracy or log_loss, or more validation rows"
                )
            if len(self._labels) < 2:
                raise DataError(
                    f"{self.metric.name}: all targets are "
                    f"{shortened(str(self._labels[0]), MOST)}, expected two classes or more"
                )
            if isinstance(kind, OfConfusion) and kind.binary:
                self.metric.rows(targets, targets)
            return
        self.metric.rows(targets, targets)
        size = np.abs(targets.astype(np.float64))
        wrong = (size > GREATEST) | ((size > 0) & (size < 1 / GREATEST))
        if wrong.any():
            raise DataError(
                f"{self.metric.name}: found the target {targets[wrong][0]:g}, expected numbers "
                f"from {1 / GREATEST:g} to {GREATEST:g}; take another unit"
            )

    @cached_property
    def _labels(self) -> Array:
        return np.asarray(np.unique(self.targets))

    @cached_property
    def _columns(self) -> Array:
        """The column of each target's class: its place among the labels of all rows."""
        return np.asarray(np.searchsorted(self._labels, self.targets), np.int64)

    def _of_columns(self, predictions: Array) -> bool:
        """Whether predictions are probabilities or scores whose columns are sorted labels.

        Then classes are numbered here, by the labels of all rows: a part of the rows may lack one.
        Labels that are numbers of columns already, from 0, stay: a class may have no rows at all.
        """
        kind = _unwrapped(self.metric)
        if not isinstance(kind, OF_CLASSES) or predictions.dtype.kind != "f":
            return False
        columns = predictions.shape[1] if predictions.ndim == 2 else 2
        if predictions.ndim == 1 and isinstance(kind, Hits | OfConfusion):
            inside = ((predictions >= 0) & (predictions <= 1)).all()
            if not inside or np.isin(predictions, (0.0, 1.0)).all():
                return False  # labels
        numbers = self.targets.dtype.kind in "biuf"
        if numbers and self._labels[0] >= 0 and self._labels[-1] < columns:
            return False
        return len(self._labels) == columns

    @cached_property
    def _others(self) -> Array:
        """Targets of the same kind that tell nothing but the classes there are."""
        kind, count = _unwrapped(self.metric), len(self.targets)
        classes = isinstance(kind, OF_CLASSES)
        if isinstance(kind, OwnLoss):
            classes = self.targets.dtype.kind not in "f" or len(self._labels) <= FEW
        return np.resize(self._labels, count) if classes else np.linspace(1.0, 2.0, count)

    @cached_property
    def _other_columns(self) -> Array:
        return np.resize(np.arange(len(self._labels)), len(self.targets))


def _unwrapped(metric: Metric) -> Metric:
    return metric.of if isinstance(metric, Percent) else metric
