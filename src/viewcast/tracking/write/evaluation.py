"""What an evaluation leaves in its run: the row losses, the figures, and the record of a look."""

import os
import time
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric, Run
from mlflow.models.evaluation.artifacts import ParquetEvaluationArtifact

from viewcast.base.errors import DataError
from viewcast.base.provenance import user
from viewcast.data import table
from viewcast.holdout.looks import distinct
from viewcast.scoring.scores import score
from viewcast.selection.clusters import Clusters
from viewcast.tracking import look_tags
from viewcast.tracking.tags import (
    BATCH_ID,
    HOLDOUT,
    LOOK_KEY,
    LOOKS,
    MODEL_VAL_ERROR,
    MODEL_VAL_LOSS,
    PARENT,
    PREDICTIONS,
    USER,
    VAL_ERROR,
    VAL_LOSS,
    VAL_SCORE_OF,
)
from viewcast.tracking.write.row_scores import RowScores
from viewcast.tracking.write.rows_log import look_key, write_rows

SOURCE = "mlflow.models.evaluate"  # of the dataset input


def record(
    client: MlflowClient, run_id: str, data: str, scores: RowScores
) -> tuple[dict[str, float], ParquetEvaluationArtifact]:
    """Write scored rows (``scored_rows.scored``) to a run; returns its new metrics and its table.

    The run gets what ``rows_log.write_rows`` writes, ``data`` the name of the rows, and the metrics
    ``val_loss`` (mean), ``val_error`` (its standard error by blocks of rows, if there are three)
    and ``looks`` (scores of these rows that the experiment has revealed, this one included). Where
    the run has a curve ``val_loss`` of its training, the first two are ``model_val_loss``,
    ``model_val_error``. A score of which more is better has its own name: ``val_accuracy``.

    The same scores again are the same look. Refuses (DataError) rows of several series at the same
    times (``viewcast.holdout.panels``), a run that carries other scores, or an artifact of that
    name that something else logged.
    """
    run = client.get_run(run_id)
    holdout = table.holdout(scores.table)
    _refuse_other_scores(run, look_key(holdout, scores))
    write_rows(client, run_id, scores, data, SOURCE, batch=_batch(run))
    stored = ParquetEvaluationArtifact(f"{run.info.artifact_uri}/{PREDICTIONS}", scores.table)
    metrics = _figures(run, scores)
    known = distinct(
        look_tags.read(client, run.info.experiment_id, f"tags.`{HOLDOUT}` = '{holdout}'")
    )
    metrics[LOOKS] = float(sum(look.scores for look in known))
    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(key, v, now, 0) for key, v in metrics.items()])
    return metrics, stored


def _batch(run: Run) -> dict[str, str]:
    """Tags that say in which batch the scores became known, and to whom.

    The score of an evaluation is known before the next evaluation starts, so each is a batch of its
    own. Two exceptions: evaluations under one parent run are one batch, and those of one
    ``dvc repro`` are.
    """
    known = run.data.tags
    by_hand = known.get(PARENT) or run.info.run_id
    batch = look_tags.batch_id(Path.cwd()) if "DVC_STAGE" in os.environ else by_hand
    return {BATCH_ID: batch, USER: known.get(USER) or user()}


def _refuse_other_scores(run: Run, key: str) -> None:
    former = run.data.tags.get(LOOK_KEY)
    if former not in (None, key):
        raise DataError(
            f"run {run.info.run_id} ({run.info.run_name}) carries the scores of another model, or "
            "of other rows, and would lose them; evaluate in a run of its own: "
            "with mlflow.start_run(): mlflow.models.evaluate(...)"
        )


def _figures(run: Run, scores: RowScores) -> dict[str, float]:
    """The mean and its standard error, under names that no curve of the run has."""
    clusters = Clusters.if_any(scores.table, scores.cluster)
    mean = score(scores.table["loss"], scores.block, clusters)
    if mean is None:
        raise DataError("no rows to score")
    logged = run.data.metrics
    curve = MODEL_VAL_LOSS in logged or (VAL_LOSS in logged and LOOK_KEY not in run.data.tags)
    loss, error = (MODEL_VAL_LOSS, MODEL_VAL_ERROR) if curve else (VAL_LOSS, VAL_ERROR)
    name = f"{VAL_SCORE_OF}{scores.metric}" if scores.more_is_better else loss
    return {name: scores.figure, **({} if mean.error is None else {error: mean.error})}
