"""Scores: the loss of each row, its mean, and how far the mean can be trusted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.scoring.scorer import Scorer
from viewcast.selection.clusters import Clusters, cluster_error

if TYPE_CHECKING:
    from viewcast.models.fitted import Fitted

Vector = NDArray[np.float64]
KEYS = ["entity", "time", "row"]  # of a row in a table of scores


@dataclass(frozen=True)
class Score:
    """A mean loss over ``rows`` rows and its standard error (None where there is no telling)."""

    mean: float
    error: float | None
    rows: int


def predictions(model: "Fitted", splits: dict[str, pd.DataFrame], scorer: Scorer) -> pd.DataFrame:
    """One row per predicted row: entity, time (text), row, split, target, prediction, loss.

    Of a row with O targets: ``target_1``, ``prediction_1`` and so on. Rows keep their order. Those
    of the split ``test`` are predicted and not scored: their target and loss stay missing. Refuses
    (DataError) losses that are not finite, or negative.
    """
    parts = []
    for split, rows in splits.items():
        predicted = model.predict(rows)
        scored = split != "test"
        losses = scorer.rows(predicted, rows) if scored else np.full(len(rows), np.nan)
        part: dict[str, Any] = {"split": split, **scorer.columns(predicted, rows, scored)}
        parts.append(keyed(rows).assign(**part, loss=losses))
    return pd.concat(parts, ignore_index=True)


def keyed(rows: pd.DataFrame) -> pd.DataFrame:
    """What tells rows apart: entity, time as text, row; numbered anew."""
    keys = rows[KEYS].reset_index(drop=True)
    return keys.assign(time=keys["time"].astype(str))


def score(losses: Any, block: int, clusters: Clusters | None = None) -> Score | None:
    """Mean of per-row losses (N,) in order of time, and its standard error by block means.

    Rows are cut into blocks of ``block`` rows, the last may be shorter; the error is that of the
    mean of block means, s/√blocks, weighted by size, which holds where dependence is short beside
    a block. With ``block`` 1 it is the textbook s/√N. None without rows; no error below 3 blocks.
    ``clusters``: of the rows, if they are alike by video or day; the error is then
    ``viewcast.selection.clusters.cluster_error``.
    """
    values = np.asarray(losses, dtype=np.float64)
    if len(values) == 0:
        return None
    if clusters is not None:
        return Score(float(values.mean()), cluster_error(values, clusters).error, len(values))
    starts = np.arange(0, len(values), block)
    sums = np.add.reduceat(values, starts)
    sizes = np.diff(np.append(starts, len(values)))
    mean = float(values.mean())
    if len(starts) < 3:
        return Score(mean, None, len(values))
    deviations = sums - mean * sizes
    correction = len(starts) / (len(starts) - 1)
    error = float(np.sqrt(correction * (deviations**2).sum()) / len(values))
    return Score(mean, error, len(values))
