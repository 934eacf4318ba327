"""What an evaluation leaves in its run: the row losses, the figures, and the record of a look."""

import getpass
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Run, RunTag
from mlflow.models.evaluation.artifacts import ParquetEvaluationArtifact

from viewcast.base.errors import DataError
from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.holdout.looks import REPORT, distinct
from viewcast.holdout.panels import refuse_panel
from viewcast.scoring.scores import score
from viewcast.tracking import look_tags
from viewcast.tracking.datasets import CONTEXT, VALIDATION, log, profile
from viewcast.tracking.write.scored_rows import Settings

ARTIFACT = "predictions.parquet"
CURVE = "val_loss"


def record(
    client: MlflowClient, run_id: str, data: str, rows: pd.DataFrame, settings: Settings
) -> tuple[dict[str, float], ParquetEvaluationArtifact]:
    """Write scored rows (``viewcast.tracking.write.scored_rows``) to a run; its new metrics and table.

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
        path = Path(folder) / ARTIFACT
        rows.to_parquet(path, index=False)
        client.log_artifact(run_id, str(path))
    stored = ParquetEvaluationArtifact(f"{run.info.artifact_uri}/{ARTIFACT}", rows)
    source = Dataset(
        name=data,
        digest=tags[look_tags.HOLDOUT],
        source_type="local",
        source="mlflow.models.evaluate",
        profile=json.dumps(profile(rows, named=True)),
    )
    log(client, run_id, [DatasetInput(source, [InputTag(CONTEXT, VALIDATION)])])
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    metrics = _figures(run, rows, settings.block)
    same_rows = f"tags.`{look_tags.HOLDOUT}` = '{tags[look_tags.HOLDOUT]}'"
    known = distinct(look_tags.read(client, run.info.experiment_id, same_rows))
    metrics["looks"] = float(sum(one.scores for one in known))
    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(key, v, now, 0) for key, v in metrics.items()])
    return metrics, stored


def look(run: Run, rows: pd.DataFrame, settings: Settings) -> dict[str, str]:
    """The tags of a look: which rows, which scores, in which batch_id, by whom.

    Whoever asks for an evaluation has its score before asking for the next: each is a batch_id of
    its own, but for those under one parent run and those of one ``dvc repro``.
    """
    known = run.data.tags
    shown = table.holdout(rows)
    batch_id = known.get(look_tags.PARENT) or run.info.run_id
    return {
        look_tags.HOLDOUT: shown,
        look_tags.KEY: digest([shown, settings.loss, table.content(rows[["row", "prediction"]])]),
        look_tags.BATCH_ID: look_tags.batch_id(Path.cwd())
        if "DVC_STAGE" in os.environ
        else batch_id,
        "viewcast.block": str(settings.block),
        "viewcast.loss": settings.loss,
        "mlflow.user": known.get("mlflow.user") or getpass.getuser(),
        **look_tags.said([REPORT]),
    }


def _refuse_other_scores(client: MlflowClient, run: Run, tags: dict[str, str]) -> None:
    former = run.data.tags.get(look_tags.KEY)
    if former == tags[look_tags.KEY]:
        return
    where = f"run {run.info.run_id} ({run.info.run_name})"
    if former is not None:
        raise DataError(
            f"{where} carries the scores of another model, or of other rows, and would lose them; "
            "evaluate in a run of its own: with mlflow.start_run(): mlflow.models.evaluate(...)"
        )
    if any(file.path == ARTIFACT for file in client.list_artifacts(run.info.run_id)):
        raise DataError(
            f"{where} has an artifact {ARTIFACT} already; log that under another name, or evaluate "
            "in a run of its own: with mlflow.start_run(): mlflow.models.evaluate(...)"
        )


def _figures(run: Run, rows: pd.DataFrame, block: int) -> dict[str, float]:
    """Mean loss and its standard error, under names that no curve of the run has."""
    mean = score(rows["loss"], block)
    if mean is None:
        raise DataError("no rows to score")
    logged = run.data.metrics
    curve = f"model_{CURVE}" in logged or (CURVE in logged and look_tags.KEY not in run.data.tags)
    prefix = "model_" if curve else ""
    errors = {} if mean.error is None else {f"{prefix}val_error": mean.error}
    return {f"{prefix}{CURVE}": mean.mean, **errors}
