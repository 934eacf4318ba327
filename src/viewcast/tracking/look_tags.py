"""The record of looks in MLflow: every run carries its own, so that writers never meet.

A run that scored validation rows has the tags ``viewcast.holdout`` (which rows), ``viewcast.look``
(its key: runs with the same one are one look), ``viewcast.batch_id`` and, when it has ended,
``viewcast.looks`` (its uses). One that was killed has no time to say its uses: they are counted
from the validation losses it left. Readers count each key once.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.paths import params_path
from viewcast.base.provenance import code_digest
from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.holdout.looks import REPORT, Look, Use, early_stop, parsed, written
from viewcast.tracking.datasets import validation_of
from viewcast.tracking.store import all_runs
from viewcast.training.config import Config
from viewcast.training.run_code import code_of

if TYPE_CHECKING:
    from viewcast.training.rows import Rows

HOLDOUT, KEY, USES = "viewcast.holdout", "viewcast.look", "viewcast.looks"
BATCH_ID, PARENT = "viewcast.batch_id", "mlflow.parentRunId"
JOINED = "VIEWCAST_BATCH_ID"  # in the environment of workers, and of the stages of a night


def batch_id(root: Path) -> str:
    """Which runs are started without seeing each other's scores: those of one process with its
    workers, of one night, or of one ``dvc repro``, by its plan and the code.
    """
    if JOINED in os.environ:
        return os.environ[JOINED]
    planned = params_path(root, "batch")
    if "DVC_STAGE" in os.environ and planned.is_file():
        batch = yaml.safe_load(planned.read_text())
        return f"dvc-{digest([batch['plan'], code_digest(*batch['modules'])])}"
    return _of_process(os.getpid())


def join_batch(known: str) -> None:
    """Make this process, a worker of another, part of that one's batch_id."""
    os.environ[JOINED] = known


@cache
def _of_process(process: int) -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class EvaluationSet:
    """What runs that score the same rows by the same code share: the holdout, and a hash of the rows
    with all their features and of the code that decides the scores.
    """

    holdout: str
    basis: str

    @classmethod
    def of(cls, config: Config, rows: "Rows") -> "EvaluationSet | None":
        """None without validation rows: no look is possible."""
        if rows.validation.empty:
            return None
        content = table.content(rows.train, rows.validation, rows.hidden)
        return cls(table.holdout(rows.validation), digest([content, code_of(config)]))

    def key(self, *settings: str) -> str:
        """What makes two runs one look: the identity of their settings, rows and code (16 hex)."""
        return digest([*settings, self.basis])

    def tags(self, *settings: str) -> dict[str, str]:
        """The tags that say which rows a run with these settings scores."""
        return {HOLDOUT: self.holdout, KEY: self.key(*settings)}


def uses(trainer: Any, epochs: int) -> list[Use]:
    """How a training used so many validation scores: to choose its best epoch, or to report."""
    if epochs == 0:
        return []
    return [early_stop(epochs) if getattr(trainer, "restore_best", False) else REPORT]


def said(revealed: Iterable[Use]) -> dict[str, str]:
    """The tag that says what a run revealed; none if it was nothing."""
    shown = list(revealed)
    return {USES: written(shown)} if shown else {}


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

    A run that viewcast did not make is a look if it logged ``val_loss`` or names its validation
    rows among its inputs; its key is its own.
    """
    tags, info = run.data.tags, run.info
    dataset = validation_of(run)
    if USES in tags:
        revealed = parsed(tags[USES], info.run_id)
    elif KEY in tags:
        revealed = _left_by(run, client)
    else:
        revealed = (REPORT,) if dataset is not None or "val_loss" in run.data.metrics else ()
    if not revealed:
        return None
    parent = tags.get(PARENT)
    return Look(
        run_id=info.run_id,
        key=tags.get(KEY, info.run_id),
        uses=revealed,
        holdout=tags.get(HOLDOUT, dataset.digest if dataset else None),
        batch_id=tags.get(BATCH_ID) or tags.get("viewcast.launch") or parent or info.run_id,
        start=int(info.start_time or 0),
        end=None if info.end_time is None else int(info.end_time),
        user=tags.get("mlflow.user") or info.user_id or "unknown",
        status=info.status,
        parent=parent,
    )


def _left_by(run: Run, client: MlflowClient) -> tuple[Use, ...]:
    """The uses of a run that was killed or goes on, from the losses it has written so far."""
    if "val_loss" not in run.data.metrics:
        return ()
    epochs = {point.step for point in client.get_metric_history(run.info.run_id, "val_loss")}
    params = run.data.params
    best = params.get("trainer.restore_best") == "True" or params.get("trainer.keep") == "best"
    return (early_stop(len(epochs)) if best else REPORT,)
