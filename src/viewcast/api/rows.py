"""``viewcast.log_rows``: one line in any training code, and the run can be priced."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args

import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.data.row_keys import keys_of, named_keys
from viewcast.selection.clusters import CLUSTERS, Cluster
from viewcast.tracking.tags import VALIDATION
from viewcast.tracking.write.row_scores import row_scores
from viewcast.tracking.write.rows_log import run_to_log, write_other_rows, write_rows

Split = Literal["validation", "training", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SOURCE = "viewcast.log_rows"  # of the dataset input


def log_rows(
    y_true: Any,
    y_pred: Any,
    keys: Any = None,
    split: Split = "validation",
    *,
    metric: str | Callable[[Any, Any], Any] | None = None,
    classes: Any = None,
    block: int = 1,
    looks: int = 1,
    cluster: Cluster | None = None,
    name: str | None = None,
    run_id: str | None = None,
    tracking_uri: str | None = None,
) -> str:
    """Record what a model predicted for each validation row; returns the id of the run.

        with mlflow.start_run():
            model.fit(X, y)
            viewcast.log_rows(y_valid, model.predict(X_valid))

    ``y_true`` (N,): numbers, or class labels. ``y_pred``: numbers or labels (N,), probabilities of
    the greater of two classes (N,), or of all classes (N, C), columns sorted by label. Lists,
    arrays, columns and tensors are taken.

    ``keys``: what names the rows, the same in every run: (N,) names or days, or a frame with some
    of the columns row, time, entity. Without, it is the index of ``y_true`` where that is no mere
    count, else the position. Without a time, rows are taken to be in order of time: that of their
    numbers or days where these name them, else as they stand.

    ``metric``: what the run is judged by, a name such as rmse, accuracy, roc_auc, or a function of
    targets and predictions that gives the loss (N,) of each row. By default log_loss of
    probabilities, zero_one of labels, mse of numbers. ``classes``: the labels of the columns of
    ``y_pred``, needed where ``y_true`` lacks one of them. ``block``: how many neighbouring rows
    depend on each other, at least: a week of days is 7. ``cluster``: which rows are alike, where
    ``keys`` name an ``entity``: those of one ``entity`` (new ones are asked at the same times), of
    one ``time`` (the same ones at new times), or ``both``; by default what the rows support.
    ``looks``: how many states of the model
    (epochs) were scored on these rows to choose this one; a second call in the same run counts by
    itself.

    ``run_id``: by default the active run, else the last one of this process, which autologging has
    just ended. ``tracking_uri``: by default MLflow's current one. ``name``: of the rows, as a
    dataset input of the run. ``split``: rows of training and test are stored and are no look.

    The run gets ``predictions.parquet`` (``training_predictions.parquet``, ...), a dataset input
    with the digest of the rows, and tags ``viewcast.*``; no metric.

    Raises ConfigError for an unknown metric or split and where there is no run; DataError for rows
    that cannot be scored or told apart, and where the run would lose what it has (``write_rows``);
    nothing is written then. Raises TrackingError where the store does not know the run.
    """
    if split not in SPLITS:
        raise ConfigError(f"split = {split}: unknown; allowed: {', '.join(SPLITS)}")
    if block < 1 or looks < 1:
        raise ConfigError(f"block = {block}, looks = {looks}: expected whole numbers of at least 1")
    if cluster not in (None, *CLUSTERS):
        raise ConfigError(f"cluster = {cluster}: unknown; allowed: {', '.join(CLUSTERS)}")
    scores = row_scores(_keys(y_true, keys), y_true, y_pred, metric, split, block, classes)
    if cluster is not None:
        scores = replace(scores, cluster=cluster)
    client, run = run_to_log(run_id, tracking_uri)
    if split == VALIDATION:
        write_rows(client, run, scores, name or split, SOURCE, looks)
    else:
        write_other_rows(client, run, scores, split, name or split, SOURCE)
    return run


def _keys(y_true: Any, keys: Any) -> pd.DataFrame:
    """Entity, time, row of the rows in order of time; the index counts them as they stand."""
    count = len(y_true)
    if keys is None:
        index = getattr(y_true, "index", None)
        named = isinstance(index, pd.Index) and not index.equals(pd.RangeIndex(count))
        keys = index if named else None
    if keys is None:
        return keys_of(pd.DataFrame(index=range(count)))
    if isinstance(keys, pd.MultiIndex):
        keys = keys.to_frame()
    if isinstance(keys, pd.DataFrame):
        known = keys.reset_index(drop=True).set_axis([str(column) for column in keys], axis=1)
    else:
        known = pd.DataFrame({"row": pd.Series(keys).reset_index(drop=True)})
    given = {column: column for column in ("row", "time", "entity") if column in known}
    if not given:
        columns = ", ".join(map(str, known)) or "none"
        raise ConfigError(f"keys: columns {columns}; expected some of row, time, entity")
    if len(known) != count:
        raise DataError(f"keys: {len(known)} of them for {count} rows; expected one per row")
    return named_keys(known, **given)
