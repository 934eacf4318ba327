"""Row losses out of tables that others wrote: which column is what, and how it becomes a loss.

Columns are found by their plain names (``viewcast.tracking.metric_names.plain``). A *measure* is
the loss by which predictions are scored.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from viewcast.scoring.loss import Loss
from viewcast.tracking.metric_names import loss_named, plain
from viewcast.tracking.row_keys import dated, keys_of

TARGETS = (
    *("target", "targets", "label", "labels", "y", "y_true", "actual", "actuals", "truth"),
    "ground_truth",
)
PREDICTIONS = (
    *("prediction", "predictions", "outputs", "output", "predicted", "pred", "y_pred", "y_hat"),
    *("yhat", "forecast"),
)
TIMES = ("time", "date", "day", "datetime", "timestamp")
VALIDATION = ("validation", "val", "valid", "dev", "eval", "holdout")
SCORED = re.compile(r"^(?P<metric>.+?)(/v\d+)?/score$")
JUSTIFIED = "/justification"
AGREES = 1e-6  # relative; MLflow writes tables with 10 digits


def validation_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that a column ``split`` names as validation; all rows without that column."""
    split = _first(table, ("split",))
    if split is None:
        return table
    return table[table[split].astype(str).str.lower().isin(VALIDATION)]


def stored_losses(table: pd.DataFrame, measure: Loss) -> pd.Series | None:
    """The column ``loss``, else ``error``, else what the predictions lose; None without any.

    Errors of which none is below zero are losses already; others are residuals, to be measured.
    """
    loss, error = _first(table, ("loss",)), _first(table, ("error",))
    if loss is not None:
        return numbers(table[loss])
    if error is not None:
        errors = numbers(table[error])
        residuals: pd.Series = measure.rows(errors, 0.0)
        return residuals if (errors < 0).any() else errors
    target, prediction = _first(table, TARGETS), _first(table, PREDICTIONS)
    if target is None or prediction is None:
        return None
    return _measured(table, target, prediction, measure)


def evaluation_losses(
    table: pd.DataFrame, measure: Loss, metrics: Mapping[str, float]
) -> pd.Series | None:
    """Row losses of a table of ``mlflow.models.evaluate``, None where it has none.

    MLflow puts the target, under the name it had in the data, and the prediction, by default as
    ``outputs``, behind the features and before the metrics of each row. Where the target's name
    says nothing, the column before the prediction is taken for it if the mean error of the two is
    among the run's ``metrics``. Without predictions, the one per-row metric that is a loss (named
    like ``measure`` if there are several): ``squared_error/v1/score``.
    """
    columns = [str(column) for column in table.columns]
    scores = {name: found["metric"] for name in columns if (found := SCORED.match(name))}
    plainly = [name for name in columns if name not in scores and not name.endswith(JUSTIFIED)]
    features = table[plainly]
    target, prediction = _first(features, TARGETS), _first(features, PREDICTIONS)
    if target is not None and prediction is not None:
        return _measured(table, target, prediction, measure)
    last = len(plainly) - 1 if prediction is None else plainly.index(prediction)
    if last > 0 and _logged(table, plainly[last - 1], plainly[last], metrics):
        return _measured(table, plainly[last - 1], plainly[last], measure)
    lossy = [name for name, metric in scores.items() if _is_loss(metric)]
    same = [name for name in lossy if loss_named(scores[name]) == measure]
    chosen = same[:1] or (lossy if len(lossy) == 1 else [])
    return numbers(table[chosen[0]]) if chosen else None


def with_keys(table: pd.DataFrame, losses: pd.Series) -> pd.DataFrame:
    """Columns entity, time, row, loss, in order of time; keys from columns of these names.

    The time may also be called date, day, datetime or timestamp. Numbers that come more than once
    are no time (a day of the week, an hour), unless a column ``row`` names the rows.
    """
    row, entity, time = (_first(table, names) for names in (("row",), ("entity",), TIMES))
    if time is not None:
        table = table.assign(**{time: dated(table[time])})
        if row is None and pd.api.types.is_numeric_dtype(table[time]):
            key = [time] if entity is None else [entity, time]
            time = None if table.duplicated(key).any() else time
    return keys_of(table, row, time, entity).join(losses.rename("loss")).reset_index(drop=True)


def numbers(values: pd.Series) -> pd.Series:
    """A column as float64; raises ValueError where something in it is no number."""
    return pd.to_numeric(values).astype("float64")


def _first(table: pd.DataFrame, wanted: tuple[str, ...]) -> str | None:
    """The column with the first of the wanted names that there is."""
    known = {plain(str(column)): str(column) for column in reversed(table.columns)}
    return next((known[name] for name in wanted if name in known), None)


def _measured(table: pd.DataFrame, target: str, prediction: str, measure: Loss) -> pd.Series:
    losses: pd.Series = measure.rows(numbers(table[prediction]), numbers(table[target]))
    return losses


def _logged(
    table: pd.DataFrame, target: str, prediction: str, metrics: Mapping[str, float]
) -> bool:
    """Whether a logged metric is the mean error of the two columns: a proof of what they are."""
    pair = table[[target, prediction]]
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in pair.dtypes):
        return False
    for name, value in metrics.items():
        measure = loss_named(name)
        if measure is not None and "root" not in name and "rmse" not in name:
            mean = float(np.mean(_measured(table, target, prediction, measure)))
            if np.isclose(mean, value, rtol=AGREES, atol=0):
                return True
    return False


def _is_loss(metric: str) -> bool:
    return loss_named(metric) is not None or plain(metric).endswith(("loss", "error"))
