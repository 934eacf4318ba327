"""Row losses out of tables that others wrote: what each column holds, and how it becomes a loss."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.data.row_keys import text
from viewcast.scoring.metric import Vector
from viewcast.tracking.metric_names import LOSSES, loss_named, plain
from viewcast.tracking.read.columns import Columns, columns_of
from viewcast.tracking.read.measured import (
    AGREES,
    Measured,
    Predictions,
    Wanted,
    of_losses,
    of_predictions,
)

VALIDATION = ("validation", "val", "valid", "dev", "eval", "holdout", "oof")
SCORED = re.compile(r"^(?P<metric>.+?)(/v\d+)?/score$")
JUSTIFIED = "/justification"


def validation_rows(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The rows that a column ``split`` names as validation; all rows without that column."""
    if columns.split is None:
        return table
    return table[table[columns.split].astype(str).str.lower().isin(VALIDATION)]


def measured(
    table: pd.DataFrame, columns: Columns, wanted: Wanted, default: str
) -> Measured | str | None:
    """What each row lost, by its target and prediction if it has them, else by its loss or error.

    A column ``loss`` is taken first where no metric was chosen that predictions can be measured by.
    Errors of which none is below zero are losses already; others are residuals, to be measured.
    None where the table holds none of these; a text says why it cannot be measured.
    """
    has_both = columns.target is not None and columns.predicted
    if columns.loss is not None and not (has_both and wanted.measure is not None):
        losses = numbers(table[columns.loss])
        stored = of_losses(losses, wanted)
        if isinstance(stored, Measured) and not (has_both and stored.note):
            return stored
        if not has_both:
            return stored
    if has_both:
        return of_predictions(predictions(table, columns), wanted, default)
    if columns.error is None:
        return None
    errors = numbers(table[columns.error])
    if not (errors < 0).any():
        return of_losses(errors, wanted)
    return of_predictions(Predictions(np.zeros(len(errors)), errors, None), wanted, default)


def predictions(table: pd.DataFrame, columns: Columns) -> Predictions:
    """Target, labels and scores of a table that has them."""
    assert columns.target is not None
    target = values_of(table[columns.target])
    labels, scores = None, None
    if columns.prediction is not None:
        given = cells(table[columns.prediction])
        labels, scores = (given, None) if given.ndim == 1 else (None, given)
    if columns.probabilities:
        target, scores = of_classes(target, table, columns.probabilities)
    elif columns.score is not None:
        scores = cells(table[columns.score]).astype(np.float64)
    return Predictions(target, labels, scores)


def of_classes(
    target: NDArray[Any], table: pd.DataFrame, columns: dict[str, str]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Targets (M,) and probabilities (M, C) or (M,), ``columns`` by the class whose they are.

    Where the classes are those of the targets, columns and targets are put in the order in which
    scikit-learn sorts classes, and targets become the numbers of the columns.
    """
    values = [cells(table[name]) for name in columns.values()]
    if len(values) == 1:
        return target, values[0].astype(np.float64)
    stacked = np.stack(values, axis=1).astype(np.float64)
    classes = pd.Series(pd.unique(target))
    of_name = {plain(name): label for name, label in zip(text(classes), classes, strict=True)}
    if not set(of_name) <= set(columns):
        return target, stacked
    names = list(columns)
    numbered = all(name.isdecimal() for name in names)
    order = sorted(range(len(names)), key=lambda at: int(names[at]) if numbered else names[at])
    place = {of_name[names[at]]: rank for rank, at in enumerate(order) if names[at] in of_name}
    return np.array([place[label] for label in target]), stacked[:, order]


def evaluated(
    table: pd.DataFrame, columns: Columns, wanted: Wanted, default: str
) -> Measured | str | None:
    """What each row lost in a table of ``mlflow.models.evaluate``; None where it does not tell.

    ``columns``: see ``evaluation_columns``. Without predictions, the one per-row metric that is a
    loss (named like the chosen one if there are several): ``squared_error/v1/score``.
    """
    if columns.target is not None and columns.predicted:
        return of_predictions(predictions(table, columns), wanted, default)
    named = {str(name): found["metric"] for name in table if (found := SCORED.match(str(name)))}
    lossy = [name for name, metric in named.items() if _is_loss(metric)]
    measure = wanted.measure or wanted.named or default
    same = [name for name in lossy if loss_named(named[name]) is LOSSES.get(measure, ())]
    chosen = same[:1] or (lossy if len(lossy) == 1 else [])
    return of_losses(numbers(table[chosen[0]]), wanted) if chosen else None


def evaluation_columns(table: pd.DataFrame, metrics: Mapping[str, float]) -> Columns:
    """The columns of a table of ``mlflow.models.evaluate``.

    MLflow puts the target, under the name it had in the data, and the prediction, by default as
    ``outputs``, behind the features and before the metrics of each row. Where the target's name
    says nothing, the column before the prediction is taken for it if the mean error of the two is
    among the run's ``metrics``.
    """
    names = [str(name) for name in table.columns]
    plainly = [name for name in names if not SCORED.match(name) and not name.endswith(JUSTIFIED)]
    columns = replace(columns_of(plainly), loss=None, error=None)
    if columns.target is not None and columns.predicted:
        return columns
    prediction = columns.prediction
    last = len(plainly) - 1 if prediction is None else plainly.index(prediction)
    if last > 0 and _logged(table, plainly[last - 1], plainly[last], metrics):
        return replace(columns, target=plainly[last - 1], prediction=plainly[last])
    return columns


def _logged(
    table: pd.DataFrame, target: str, prediction: str, metrics: Mapping[str, float]
) -> bool:
    """Whether a logged metric is the mean error of the two columns: a proof of what they are."""
    pair = table[[target, prediction]]
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in pair.dtypes):
        return False
    wanted, found = (numbers(table[name]) for name in (target, prediction))
    for name, value in metrics.items():
        measure = loss_named(name)
        if measure is not None and "root" not in name and "rmse" not in name:
            mean = float(np.mean(measure.rows(found, wanted)))
            if np.isclose(mean, value, rtol=AGREES, atol=0):
                return True
    return False


def _is_loss(metric: str) -> bool:
    return loss_named(metric) is not None or plain(metric).endswith(("loss", "error"))


def features(table: pd.DataFrame, columns: Columns) -> list[str]:
    """The columns of numbers and text that tell neither target nor prediction nor score."""
    told = {columns.target, columns.prediction, columns.score, columns.loss, columns.error}
    told |= {columns.index, *columns.probabilities.values()}
    return [
        name
        for name in map(str, table.columns)
        if name not in told and not SCORED.match(name) and not name.endswith(JUSTIFIED)
    ]


def numbers(values: pd.Series) -> Vector:
    """A column as float64; raises ValueError where something in it is no number."""
    return np.asarray(pd.to_numeric(values), np.float64)


def values_of(column: pd.Series) -> NDArray[Any]:
    """A column as numbers or text (M,); truth values are 0 and 1."""
    if pd.api.types.is_bool_dtype(column):
        return np.asarray(column, np.int64)
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column)
    return np.asarray(column, object)


def cells(column: pd.Series) -> NDArray[Any]:
    """A column as (M,), or as (M, C) where each cell holds a list."""
    values = values_of(column)
    if values.dtype == object and len(values) and isinstance(values[0], (list, tuple, np.ndarray)):
        return np.stack([np.asarray(cell, np.float64) for cell in values])
    return values
