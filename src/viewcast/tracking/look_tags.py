"""The record of looks in MLflow (``viewcast.holdout.looks``): each run carries its own, so that
writers never meet.

A run that scored validation rows has the tags ``HOLDOUT`` (which rows), ``LOOK_KEY`` (runs with the
same key are one look), ``BATCH_ID`` and, when it has ended, ``LOOK_USES``. A killed run has no time
to write its uses: they are counted from the validation losses that it left. Readers count each key
once.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.paths import params_path
from viewcast.base.provenance import code_digest
from viewcast.base.settings import digest
from viewcast.holdout.looks import REPORT, Look, Use, early_stop, parsed, written
from viewcast.tracking.datasets import validation_of
from viewcast.tracking.store import all_runs
from viewcast.tracking.tags import (
    BATCH_ID,
    HOLDOUT,
    LOOK_KEY,
    LOOK_USES,
    PARAM_RESTORE_BEST,
    PARENT,
    SELECTS_EPOCH,
    USER,
    VAL_LOSS,
)

if TYPE_CHECKING:
    from viewcast.training.trainer import Trainer

JOINED = "VIEWCAST_BATCH_ID"  # in the environment of workers, and of the stages of a night


def batch_id(root: Path) -> str:
    """The batch of this process: runs that are started without seeing each other's scores.

    A batch is one process with its workers, one night, or one ``dvc repro``, which is identified by
    its plan and the code.
    """
    if JOINED in os.environ:
        return os.environ[JOINED]
    planned = params_path(root, "batch")
    if "DVC_STAGE" in os.environ and planned.is_file():
        batch = yaml.safe_load(planned.read_text("utf-8"))
        return f"dvc-{digest([batch['plan'], code_digest(*batch['modules'])])}"
    return _of_process(os.getpid())


def join_batch(known: str) -> None:
    """Make this process, a worker of another process, part of that one's batch."""
    os.environ[JOINED] = known


@cache
def _of_process(process: int) -> str:
    return secrets.token_hex(8)


def uses(trainer: "Trainer[Any]", epochs: int) -> list[Use]:
    """How a training used so many validation scores: to choose its best epoch, or to report."""
    if epochs == 0:
        return []
    return [early_stop(epochs) if trainer.selects_epoch else REPORT]


def tags_of(uses: Iterable[Use]) -> dict[str, str]:
    """The tag that records the uses of a run; none for no use."""
    listed = list(uses)
    return {LOOK_USES: written(listed)} if listed else {}


def read(
    client: MlflowClient, experiments: str | Sequence[str], filter_string: str = ""
) -> list[Look]:
    """The looks of the runs of experiments (ids), repetitions included; see ``looks.distinct``.

    Raises DataError for a run whose tag cannot be read.
    """
    runs = all_runs(client, experiments, filter_string)
    return [look for run in runs if (look := look_of(run, client)) is not None]


def look_of(run: Run, client: MlflowClient) -> Look | None:
    """What one run revealed, None if nothing.

    A run that another tool made is a look if it logged ``val_loss`` or names its validation rows
    among its inputs; its key is its own id.
    """
    tags = run.data.tags
    dataset = validation_of(run)
    if LOOK_USES in tags:
        revealed = parsed(tags[LOOK_USES], run.info.run_id)
    elif LOOK_KEY in tags:
        revealed = _left_by(run, client)
    else:
        revealed = (REPORT,) if dataset is not None or VAL_LOSS in run.data.metrics else ()
    if not revealed:
        return None
    return look_at(run, tags.get(HOLDOUT, dataset.digest if dataset else None), revealed)


def look_at(run: Run, holdout: str | None, revealed: tuple[Use, ...] = (REPORT,)) -> Look:
    """The look of a run at a holdout, None where its rows are not known."""
    tags, info = run.data.tags, run.info
    parent = tags.get(PARENT)
    return Look(
        run_id=info.run_id,
        key=tags.get(LOOK_KEY, info.run_id),
        uses=revealed,
        holdout=holdout,
        batch_id=tags.get(BATCH_ID) or parent or info.run_id,
        start=int(info.start_time or 0),
        end=None if info.end_time is None else int(info.end_time),
        user=tags.get(USER) or info.user_id or "unknown",
        status=info.status,
        parent=parent,
    )


def _left_by(run: Run, client: MlflowClient) -> tuple[Use, ...]:
    """The uses of a run that was killed or goes on, from the losses it has written so far."""
    if VAL_LOSS not in run.data.metrics:
        return ()
    epochs = {point.step for point in client.get_metric_history(run.info.run_id, VAL_LOSS)}
    tags, params = run.data.tags, run.data.params
    best = tags.get(SELECTS_EPOCH) == "true" or params.get(PARAM_RESTORE_BEST) == "True"
    return (early_stop(len(epochs)) if best else REPORT,)
