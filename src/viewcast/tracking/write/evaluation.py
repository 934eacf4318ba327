"""What an evaluation leaves in its run: the row losses, the figures, and the record of a look."""

import getpass
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Run, RunTag
from mlflow.models.evaluation.artifacts import ParquetEvaluationArtifact

from viewcast.base.errors import DataError
from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.holdout.looks import REPORT, distinct
from viewcast.holdout.panels import refuse_panel
from viewcast.scoring.scores import score
from viewcast.tracking import look_tags
from viewcast.tracking.datasets import input_of, log, profile
from viewcast.tracking.tags import (
    BATCH_ID,
    BLOCK,
    HOLDOUT,
    LOOK_KEY,
    LOOKS,
    LOSS,
    MODEL_VAL_ERROR,
    MODEL_VAL_LOSS,
    PARENT,
    PREDICTIONS,
    USER,
    VAL_ERROR,
    VAL_LOSS,
    VALIDATION,
)
from viewcast.tracking.write.scored_rows import Settings


def record(
    client: MlflowClient, run_id: str, data: str, rows: pd.DataFrame, settings: Settings
) -> tuple[dict[str, float], ParquetEvaluationArtifact]:
    """Write scored rows (``scored_rows.scored``) to a run; returns its new metrics and its table.

    The run gets the artifact ``predictions.parquet``, the tags of a look, the rows as a dataset
    input (context validation, digest of the holdout, name ``data``), and the metrics ``val_loss``
    (mean), ``val_error`` (its standard error by blocks of rows, if there are three) and ``looks``
    (scores of these rows that the experiment has revealed, this one included). Where the run has
    a curve ``val_loss`` of its training, the first two are ``model_val_loss``, ``model_val_error``.

    The same scores again are the same look. Refuses (DataError) rows of several series at the same
    times (``viewcast.holdout.panels``), a run that carries other scores, or an artifact of that
    name that something else logged.
    """
    refuse_panel(rows, settings.block, "the rows to evaluate")
    run = client.get_run(run_id)
    tags = look(run, rows, settings)
    _refuse_other_scores(client, run, tags)
    with TemporaryDirectory() as folder:
        path = Path(folder) / PREDICTIONS
        rows.to_parquet(path, index=False)
        client.log_artifact(run_id, str(path))
    stored = ParquetEvaluationArtifact(f"{run.info.artifact_uri}/{PREDICTIONS}", rows)
    about = profile(rows, named=True)
    used = input_of(data, tags[HOLDOUT], "mlflow.models.evaluate", VALIDATION, about)
    log(client, run_id, [used])
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    metrics = _figures(run, rows, settings.block)
    same_rows = f"tags.`{HOLDOUT}` = '{tags[HOLDOUT]}'"
    known = distinct(look_tags.read(client, run.info.experiment_id, same_rows))
    metrics[LOOKS] = float(sum(look.scores for look in known))
    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(key, v, now, 0) for key, v in metrics.items()])
    return metrics, stored


def look(run: Run, rows: pd.DataFrame, settings: Settings) -> dict[str, str]:
    """The tags of a look: which rows, which scores, in which batch, by which user.

    The score of an evaluation is known before the next evaluation starts, so each is a batch of its
    own. Two exceptions: evaluations under one parent run are one batch, and those of one
    ``dvc repro`` are.
    """
    known = run.data.tags
    shown = table.holdout(rows)
    by_hand = known.get(PARENT) or run.info.run_id
    batch = look_tags.batch_id(Path.cwd()) if "DVC_STAGE" in os.environ else by_hand
    return {
        HOLDOUT: shown,
        LOOK_KEY: digest([shown, settings.loss, table.content(rows[["row", "prediction"]])]),
        BATCH_ID: batch,
        BLOCK: str(settings.block),
        LOSS: settings.loss,
        USER: known.get(USER) or getpass.getuser(),
        **look_tags.tags_of([REPORT]),
    }


def _refuse_other_scores(client: MlflowClient, run: Run, tags: dict[str, str]) -> None:
    former = run.data.tags.get(LOOK_KEY)
    if former == tags[LOOK_KEY]:
        return
    where = f"run {run.info.run_id} ({run.info.run_name})"
    if former is not None:
        raise DataError(
            f"{where} carries the scores of another model, or of other rows, and would lose them; "
            "evaluate in a run of its own: with mlflow.start_run(): mlflow.models.evaluate(...)"
        )
    if any(file.path == PREDICTIONS for file in client.list_artifacts(run.info.run_id)):
        raise DataError(
            f"{where} has an artifact {PREDICTIONS} already; log that under another name, or "
            "evaluate in a run of its own: with mlflow.start_run(): mlflow.models.evaluate(...)"
        )


def _figures(run: Run, rows: pd.DataFrame, block: int) -> dict[str, float]:
    """Mean loss and its standard error, under names that no curve of the run has."""
    mean = score(rows["loss"], block)
    if mean is None:
        raise DataError("no rows to score")
    logged = run.data.metrics
    curve = MODEL_VAL_LOSS in logged or (VAL_LOSS in logged and LOOK_KEY not in run.data.tags)
    loss, error = (MODEL_VAL_LOSS, MODEL_VAL_ERROR) if curve else (VAL_LOSS, VAL_ERROR)
    return {loss: mean.mean, **({} if mean.error is None else {error: mean.error})}
