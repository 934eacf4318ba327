"""Scored rows in a run: the table, the rows as a dataset input, and the record of a look.

The modules that this one imports leave MLflow as the user has set it up: it works inside other
people's training code.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow import MlflowClient
from mlflow.entities import Run, RunTag

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.holdout.looks import REPORT, early_stop, parsed, written
from viewcast.holdout.panels import refuse_panel, refuse_unnamed_series
from viewcast.tracking.datasets import input_of, log, profile
from viewcast.tracking.patience import LATER, patience
from viewcast.tracking.tags import (
    APPROXIMATE,
    BLOCK,
    BOUND,
    CANDIDATE,
    CLUSTER,
    HOLDOUT,
    IDENTITY,
    LOOK_KEY,
    LOOK_USES,
    LOSS,
    MORE_IS_BETTER,
    PREDICTIONS,
    VALIDATION,
)
from viewcast.tracking.write import others_run
from viewcast.tracking.write.row_scores import CHANCE, RowScores

LONGEST = 500  # letters of a tag; MLflow takes 5,000


def run_to_log(run_id: str | None, tracking_uri: str | None = None) -> tuple[MlflowClient, str]:
    """A client and the run to write to: ``run_id``, else the active run, else the last one that was
    active in this process, as autologging leaves it behind.

    Raises ConfigError without any, TrackingError where the store does not know it.
    """
    client = MlflowClient(tracking_uri)
    wanted = run_id or last_run()
    if wanted is None:
        raise ConfigError(
            "no run is active, and none was in this process; write rows inside "
            "`with mlflow.start_run():`, or name the run: run_id=..."
        )
    return client, str(others_run.known_run(client, wanted).info.run_id)


def last_run() -> str | None:
    """The id of ``viewcast.tracking.write.others_run.last_run``."""
    run = others_run.last_run()
    return None if run is None else str(run.info.run_id)


@patience(LATER)
def write_rows(
    client: MlflowClient,
    run_id: str,
    scores: RowScores,
    name: str,
    source: str,
    looks: int = 1,
    batch: dict[str, str] | None = None,
) -> None:
    """Write scored validation rows to a run.

    The run gets the artifact ``predictions.parquet``, the rows as a dataset input (context
    validation, digest of the holdout, ``name``, ``source``), and the tags of a look. ``looks``: how
    many states of the model were scored on these rows to choose this one. ``batch``: tags that say
    which runs were started without each other's scores, none to have it read off the runs.

    Other scores of the same rows in the same run are another state of its model: they replace the
    former ones, and count as one more look. Rows of several series at the same times are clustered
    (``viewcast.holdout.panels``). Refuses (DataError) too few series for that, series that are
    not told apart, other rows than the run has, a run of viewcast's own training, and an artifact
    of that name that something else logged.
    """
    if scores.cluster is None:  # too few series to say how alike their rows are
        refuse_panel(scores.table, scores.block, "the rows to log")
        refuse_unnamed_series(scores.table, scores.block, "the rows to log")
    run = client.get_run(run_id)
    holdout = table.holdout(scores.table)
    _refuse_foreign(client, run, holdout)
    key = look_key(holdout, scores)
    former = sum(use.scores for use in parsed(run.data.tags.get(LOOK_USES, "[]"), run_id))
    seen = max(looks, former + (run.data.tags.get(LOOK_KEY) != key), 1)
    used = input_of(name, holdout, source, VALIDATION, profile(scores.table, named=True))
    tags = {
        **record_tags(holdout, scores),
        LOOK_USES: written([early_stop(seen) if seen > 1 else REPORT]),
        **(batch or {}),
    }
    log_table(client, run_id, scores.table, PREDICTIONS)
    log(client, run_id, [used])
    told = {key: value for key, value in tags.items() if value or key in run.data.tags}
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in told.items()])


@patience(LATER)
def write_other_rows(
    client: MlflowClient, run_id: str, scores: RowScores, context: str, name: str, source: str
) -> None:
    """Write rows that chose nothing (train, test): ``<context>_predictions.parquet`` and the
    dataset input; no look.
    """
    used = input_of(
        name, table.holdout(scores.table), source, context, profile(scores.table, named=False)
    )
    log_table(client, run_id, scores.table, f"{context}_{PREDICTIONS}")
    log(client, run_id, [used])


def look_key(holdout: str, scores: RowScores) -> str:
    """The identity of a look: these rows, this metric, these predictions (16 hex)."""
    told = [c for c in scores.table if c == "prediction" or str(c).startswith(CHANCE)]
    return digest([holdout, scores.metric, table.content(scores.table[["row", *told]])])


def record_tags(holdout: str, scores: RowScores) -> dict[str, str]:
    """Which rows, which scores, by which metric; see ``viewcast.tracking.tags``."""
    return {
        HOLDOUT: holdout,
        LOOK_KEY: look_key(holdout, scores),
        BLOCK: str(scores.block),
        **({CLUSTER: scores.cluster} if scores.cluster else {}),
        LOSS: scores.metric,
        MORE_IS_BETTER: "true" if scores.more_is_better else "false",
        APPROXIMATE: (scores.approximate or "")[:LONGEST],
        BOUND: "true" if scores.bound else "false",
    }


def log_table(client: MlflowClient, run_id: str, rows: pd.DataFrame, artifact: str) -> None:
    """Rows as a Parquet file: 50,000 of them take 0.6 MB, a third of what pandas would write."""
    keys = {"row": "DELTA_BYTE_ARRAY", "time": "DELTA_BYTE_ARRAY"}
    with TemporaryDirectory() as folder:
        path = Path(folder) / artifact
        pq.write_table(
            pa.Table.from_pandas(rows, preserve_index=False),
            path,
            compression="zstd",
            use_dictionary=["entity", "split", "target"],
            column_encoding=keys,
        )
        client.log_artifact(run_id, str(path))


def _refuse_foreign(client: MlflowClient, run: Run, holdout: str) -> None:
    tags = run.data.tags
    where = f"run {run.info.run_id} ({run.info.run_name})"
    own = "log them in a run of their own: with mlflow.start_run(): viewcast.log_rows(...)"
    if IDENTITY in tags or CANDIDATE in tags:
        raise DataError(f"{where} was trained by viewcast and has its rows already; {own}")
    if LOOK_KEY in tags and tags.get(HOLDOUT) != holdout:
        raise DataError(
            f"{where} carries the scores of other validation rows (holdout {tags.get(HOLDOUT)}, "
            f"now {holdout}) and would lose them; {own}"
        )
    if LOOK_KEY not in tags and any(
        file.path == PREDICTIONS for file in client.list_artifacts(run.info.run_id)
    ):
        raise DataError(
            f"{where} has an artifact {PREDICTIONS} already; log that under another name, or {own}"
        )
