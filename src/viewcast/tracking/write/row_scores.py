"""Predicted rows, scored: what was predicted for each row, and what it loses by a metric.

Shape letters: N rows, C classes.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.holdout.panels import panel, usual_cluster
from viewcast.scoring.metric import Array
from viewcast.scoring.metrics import NAMES, OF_PROBABILITIES, metric_of
from viewcast.scoring.metrics.given import as_array
from viewcast.scoring.metrics.named import MetricLike, metric_named
from viewcast.selection.clusters import Cluster

KEYS = ["entity", "time", "row"]
CHANCE = "probability_"  # prefix of a column; the class follows
AGREES = 1e-6  # relative; a value that came by single precision
FEW = 20  # whole numbers with more values than this are amounts, not classes


@dataclass(frozen=True, eq=False)
class RowScores:
    """``table``: entity, time, row, split, target, prediction (of class probabilities instead one
    column ``probability_<class>`` for each), loss; in order of time.

    ``loss`` (N,): the pseudo-losses of the metric, turned so that less is better; ``figure``: their
    mean in the metric's own direction. ``cluster``: which rows are alike, None of one series or
    where it is not said. ``approximate``, ``bound``: see
    ``viewcast.scoring.metric.RowValues``. ``block``: least length of dependence, in rows.
    """

    table: pd.DataFrame
    metric: str
    more_is_better: bool
    figure: float
    approximate: str | None
    bound: bool
    block: int
    cluster: Cluster | None = None


def row_scores(
    keys: pd.DataFrame,
    target: Any,
    prediction: Any,
    metric: MetricLike | None,
    split: str,
    block: int,
    classes: Any = None,
) -> RowScores:
    """Score rows.

    ``keys``: entity, time, row (text) in order of time; the index counts the rows as they stand in
    ``target`` (N,) and ``prediction`` (N,) or (N, C); classes may be given as columns of 0 and 1,
    (N, C). ``metric``: a name that ``viewcast.scoring.metrics`` knows, a function as in
    ``viewcast.scoring.metrics.named.OwnLoss``, or None for the usual one
    (``usual_metric``). ``classes`` (C,): the labels of the columns of probabilities, sorted; needed
    where rows of some class are missing.

    Raises ConfigError for an unknown metric; DataError for no rows, another number of rows, a
    number that is not finite, and what the metric refuses.
    """
    if keys.empty:
        raise DataError("no rows; expected one per target")
    wanted = _checked(as_array(target), "target", keys)
    found = _checked(as_array(prediction), "prediction", keys)
    if wanted.ndim == 2 and wanted.shape == found.shape and _one_hot(wanted):
        wanted = wanted.argmax(axis=1)
    if wanted.ndim != 1:
        raise DataError(f"target: shape {wanted.shape}; expected {(len(keys),)}, one per row")
    order = keys.index.to_numpy()
    wanted, found = wanted[order], found[order]
    if wanted.dtype == np.float32:  # 0.1 is then the same target wherever it was rounded
        wanted = wanted.astype(str).astype(np.float64)
    chosen = metric_named(usual_metric(wanted, found) if metric is None else metric)
    labels = None if classes is None or found.ndim == 1 else _labels(wanted, found, classes)
    judged = wanted if labels is None else np.searchsorted(labels, wanted)
    values = chosen.rows(judged, found)
    losses = -values.values if chosen.more_is_better else values.values
    columns = {"split": split, "target": wanted, **_columns(judged, found, labels), "loss": losses}
    table = keys[KEYS].reset_index(drop=True).assign(**columns)
    several = panel(table, block) is not None
    return RowScores(
        table=table,
        metric=chosen.name,
        more_is_better=chosen.more_is_better,
        figure=float(values.values.mean()),
        approximate=values.approximate,
        bound=values.bound,
        block=block,
        cluster=usual_cluster(table) if several else None,
    )


def usual_metric(target: Array, prediction: Array) -> str:
    """The metric of such rows: log_loss of probabilities, zero_one of labels, mse of numbers.

    Predictions (N, C) are class probabilities; so are predictions between 0 and 1, not all whole,
    for targets 0 and 1. Text, truth values, and whole numbers (target and prediction) of at most
    20 different targets are labels.
    """
    if prediction.ndim == 2:
        return "log_loss"
    if target.dtype.kind not in "iuf" or prediction.dtype.kind not in "iuf":
        numbers = prediction.dtype.kind == "f" and not np.isin(prediction, (0.0, 1.0)).all()
        return "log_loss" if numbers else "zero_one"
    if np.isin(target, (0, 1)).all() and ((prediction >= 0) & (prediction <= 1)).all():
        return "zero_one" if np.isin(prediction, (0, 1)).all() else "log_loss"
    whole = target.dtype.kind in "iu" and prediction.dtype.kind in "iu"
    return "zero_one" if whole and len(np.unique(target)) <= FEW else "mse"


def metric_that_gives(figure: float, target: Any, prediction: Any) -> str | None:
    """The metric that has this value, or its negative, on such rows; None of none.

    Of several, which small samples have by chance, the usual one of such rows, else one of
    probabilities, else accuracy; of means over classes of one metric the plain one; else None.
    """
    wanted, found = as_array(target), as_array(prediction)
    fits = []
    for name in NAMES:
        known = metric_of(name)
        try:
            mean = float(np.mean(known.rows(wanted, found).values)) if known else np.nan
        except DataError:  # such rows have no such metric
            continue
        if np.isclose(abs(mean), abs(figure), rtol=AGREES, atol=0):
            fits.append(name)
    likely = (usual_metric(wanted, found), *OF_PROBABILITIES, "accuracy")
    bases = {re.sub("_(macro|weighted|micro)$", "", name) for name in fits}
    first = next((name for name in likely if name in fits), None)
    return first or (min(fits, key=len) if len(bases) == 1 else None)


def _checked(values: NDArray[Any], what: str, keys: pd.DataFrame) -> NDArray[Any]:
    """As (N,) or (N, C), one finite number or one label per row."""
    count = len(keys)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != count:
        raise DataError(
            f"{what}: shape {values.shape}; expected {(count,)}, one per row, or {(count, 'C')}, "
            "one probability per class"
        )
    if values.dtype.kind != "f":
        return values
    wrong = ~np.isfinite(values.reshape(count, -1)).all(axis=1)
    if wrong.any():
        first = keys["row"].loc[int(np.flatnonzero(wrong)[0])]
        raise DataError(
            f"{what}: not finite in {int(wrong.sum())} of {count} rows, the first is {first!r};"
            " leave such rows out of the data, of every run alike"
        )
    return values


def _labels(target: Array, prediction: Array, classes: Any) -> NDArray[Any]:
    """The labels of the columns of ``prediction`` (N, C), each target among them."""
    labels = as_array(classes)
    if labels.ndim != 1 or len(labels) != prediction.shape[1]:
        raise DataError(
            f"classes: {labels.size} labels for {prediction.shape[1]} columns of probabilities; "
            "expected one label per column"
        )
    strange = np.setdiff1d(target, labels)
    if len(strange):
        raise DataError(
            f"target: {strange[0]!r} is none of the classes {', '.join(map(str, labels[:5]))}; "
            "give the labels as the model knows them"
        )
    return labels


def _columns(target: Array, prediction: Array, labels: NDArray[Any] | None) -> dict[str, Array]:
    """The predictions as columns; probabilities are named after their class."""
    if prediction.ndim == 1:
        return {"prediction": prediction}
    count = prediction.shape[1]
    if labels is None:
        labels = np.unique(target)
        places = labels.dtype.kind in "biuf" and labels.min() >= 0 and labels.max() < count
        labels = np.arange(count) if places or len(labels) != count else labels
    return {f"{CHANCE}{label}": prediction[:, place] for place, label in enumerate(labels)}


def _one_hot(target: NDArray[Any]) -> bool:
    """Whether targets (N, C) are columns of 0 and 1 that name a class each."""
    return bool(np.isin(target, (0, 1)).all() and (target.sum(axis=1) == 1).all())
