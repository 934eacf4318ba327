"""The metric of a referee: losses of some rows, without a word that depends on their targets.

Shape letters: N rows, C classes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from viewcast.base.errors import DataError
from viewcast.referee.answers import RefusedError
from viewcast.referee.gains import Indices, Vector
from viewcast.scoring.metric import Array, Metric

FEW = 20  # different targets; more of them are amounts, not classes


@dataclass(frozen=True, eq=False)
class JudgedMetric:
    """A ``metric`` of known ``targets`` (N,)."""

    metric: Metric
    targets: Array

    def losses(self, predictions: Array, rows: Indices) -> Vector | None:
        """Pseudo-losses of some rows, less is better; None where the predictions have none."""
        try:
            with np.errstate(all="ignore"):
                values = self.metric.rows(self.targets[rows], predictions[rows]).values
        except DataError:
            return None
        losses = -values if self.metric.more_is_better else values
        return np.asarray(losses, np.float64) if np.isfinite(losses).all() else None

    def check(self, predictions: Array) -> Array:
        """Predictions (N,) or (N, C) as they are judged.

        Refuses (RefusedError) another number of rows, what is not finite, and what the metric
        refuses of other targets: the refusal tells nothing of the real ones.
        """
        count = len(self.targets)
        given = predictions
        if given.ndim == 2 and given.shape[1] == 1:
            given = given[:, 0]
        if given.ndim not in (1, 2) or len(given) != count:
            raise RefusedError(
                f"predictions of shape {predictions.shape}; expected {(count,)}, one for each row, "
                f"or {(count, 'C')}, one probability for each class"
            )
        if given.dtype.kind == "f":
            given = given.astype(np.float64)
            wrong = ~np.isfinite(given.reshape(count, -1)).all(axis=1)
            if wrong.any():
                raise RefusedError(
                    f"predictions: not finite in {int(wrong.sum())} of {count} rows, the first is "
                    f"row {int(np.flatnonzero(wrong)[0])}; expected one number for each row"
                )
        try:
            with np.errstate(all="ignore"):
                self.metric.rows(self._others, given)
        except DataError as error:
            raise RefusedError(f"predictions: {error}") from None
        return given

    def check_targets(self, rows: Indices) -> None:
        """Refuses (DataError) targets of which the metric cannot be told, whatever is predicted."""
        targets = self.targets[rows]
        trials = [targets, targets[::-1]]
        if targets.dtype.kind not in "f" or len(self._labels) <= FEW:
            codes = np.searchsorted(self._labels, targets)
            spread = np.linspace(0.2, 0.8, len(targets))
            chances = np.full((len(targets), len(self._labels)), 0.1)
            chances[np.arange(len(targets)), codes] += 1
            trials += [chances / chances.sum(axis=1, keepdims=True), spread]
        refusals = []
        for trial in trials:
            try:
                with np.errstate(all="ignore"):
                    self.metric.rows(targets, trial)
            except DataError as error:
                refusals.append(error)
            else:
                return
        raise refusals[0]

    @cached_property
    def _labels(self) -> Array:
        return np.asarray(np.unique(self.targets))

    @cached_property
    def _others(self) -> Array:
        """Targets of the same kind that tell nothing but the classes there are."""
        if self.targets.dtype.kind == "f" and len(self._labels) > FEW:
            return np.linspace(1.0, 2.0, len(self.targets))
        if self.targets.dtype.kind in "iu" and len(self._labels) > FEW:
            return np.arange(1, len(self.targets) + 1)
        return np.resize(self._labels, len(self.targets))
