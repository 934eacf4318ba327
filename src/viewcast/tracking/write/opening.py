"""The opening of the sealed test in MLflow: a run of its own, recorded before a row is scored.

An opening carries the tags ``TEST_OPENING`` (1), ``TEST_ROWS`` (the identity of the rows),
``OPENED_RUN``, ``REASON`` (where a reason was given), ``REUSE`` (how many openings had shown some
of these rows before) and, in the profile of its one dataset, entity and time of every row, hashed.
A day that was seen stays seen, in whatever unit and with whatever correction of its target.
Deleting the run in the UI does not undo it: deleted runs count.
"""

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import DatasetInput, Metric, Run
from mlflow.exceptions import MlflowException

from viewcast.base.errors import BudgetError, TrackingError
from viewcast.base.numbers import short, times
from viewcast.base.parse import json_of, yaml_of
from viewcast.base.settings import Tracking
from viewcast.data.table import holdout, moments
from viewcast.holdout.looks import Use, written
from viewcast.models.fitted import Fitted
from viewcast.tracking import former
from viewcast.tracking.answers import told, unanswered
from viewcast.tracking.datasets import input_of, log, span
from viewcast.tracking.look_tags import tags_of
from viewcast.tracking.patience import ONCE, patience
from viewcast.tracking.store import all_experiments, all_runs, connect
from viewcast.tracking.tags import (
    CONFIG,
    DATA,
    FAILURE,
    LOOK_USES,
    OPENED_RUN,
    PREDICTIONS,
    REASON,
    REUSE,
    RUN_NAME,
    STORED_MODEL,
    TEST,
    TEST_LOSS,
    TEST_OPENED,
    TEST_OPENING,
    TEST_ROWS,
    UNIT,
    USER,
)
from viewcast.tracking.write import ends
from viewcast.tracking.write.recorder import run_tags
from viewcast.training.config import Config

MOMENTS = "moments"  # in the profile: entity and time of each row
TESTED = Use("test", 1, 1)


@dataclass(frozen=True)
class Stored:
    """A trained run: its name, its settings under the keys of today, and its model."""

    run_id: str
    experiment_id: str
    name: str
    plain: dict[str, Any]
    model: Fitted


def stored(tracking: Tracking, run_id: str) -> Stored:
    """A recorded run; refuses (TrackingError) an unknown run and a run without a model.

    Runs that diverged, candidates of a sweep and runs of other tools keep no model of viewcast.
    """
    client = connect(tracking)
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if unanswered(error):
            raise
        raise TrackingError(
            f"run = {run_id}: neither a run of {tracking.uri} nor the folder of one "
            f"({told(error, tracking.uri)}); "
            "give the id that training printed, or a folder such as build/train/channel/deep"
        ) from error
    name = run.data.tags.get(RUN_NAME, run_id)
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = client.download_artifacts(run_id, CONFIG, folder)
            plain = former.settings(yaml_of(Path(file).read_text(encoding="utf-8")))
        model = (
            mlflow.pyfunc.load_model(f"runs:/{run_id}/{STORED_MODEL}").unwrap_python_model().model
        )
    except (MlflowException, OSError, AttributeError, ValueError) as error:
        if unanswered(error):
            raise
        raise TrackingError(
            f"run {run_id} ({name}, {run.info.status}) holds no settings and model of viewcast; "
            "train it by pipelines/train.py, and open the test with that run"
        ) from error
    return Stored(run_id, run.info.experiment_id, name, plain, model)


class Opening:
    """The look at the sealed rows, from its record to its end; a context manager.

    ``reuse``: how many openings had shown some of these rows before.
    """

    def __init__(
        self, run: Stored, config: Config, rows: pd.DataFrame, reason: str | None, root: Path
    ) -> None:
        """Record the opening of ``rows``; without a reason, refuse (BudgetError) rows seen before.

        Of several openings that begin at once without a reason at most one goes on: each records
        itself first and withdraws if it then finds another.
        """
        self.client = connect(config.tracking)
        self.rows, self.span = moments(rows), span(rows)
        self.digest, self.data = holdout(rows), config.data.name
        self.run_id = ""
        if reason is None:
            self._refuse(self._others())
        created = self.client.create_run(
            run.experiment_id,
            run_name=f"test of {run.name}",
            tags=self._tags(run, config, reason, root),
        )
        self.run_id = created.info.run_id
        with ends.ended_by_errors(self.client, self.run_id):
            log(self.client, self.run_id, [self._dataset(config)])
            others = self._others()
            if reason is not None or not others:
                self.reuse = len(others)
                self.client.set_tag(self.run_id, REUSE, str(self.reuse))
                self.client.set_tag(run.run_id, TEST_OPENED, self.run_id)
                return
        self._withdraw()
        self._refuse(others)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.client.set_terminated(self.run_id, ends.status(None))
            return
        with contextlib.suppress(Exception), patience(ONCE):  # `error` is told
            self.client.set_tag(self.run_id, FAILURE, ends.failure(error))
            self.client.set_terminated(self.run_id, ends.status(error))

    def scores(self, final: dict[str, float], predictions: pd.DataFrame) -> None:
        """Store the figures of the test and the loss of every row."""
        now = int(datetime.now(UTC).timestamp() * 1000)
        metrics = [Metric(key, value, now, 0) for key, value in final.items()]
        self.client.log_batch(self.run_id, metrics=metrics)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / PREDICTIONS
            predictions.to_parquet(file, index=False)
            self.client.log_artifact(self.run_id, str(file))

    def _tags(self, run: Stored, config: Config, reason: str | None, root: Path) -> dict[str, str]:
        return {
            **run_tags(config, root),
            **tags_of([TESTED]),
            OPENED_RUN: run.run_id,
            TEST_OPENING: "1",
            TEST_ROWS: self.digest,
            **({} if reason is None else {REASON: reason}),
        }

    def _dataset(self, config: Config) -> DatasetInput:
        name = f"{config.data.name}-{config.data.split}-test"
        about = {"num_rows": len(self.rows), **self.span, MOMENTS: self.rows}
        return input_of(name, self.digest, config.data.raw, TEST, about)

    def _others(self) -> list[Run]:
        """Other openings of some of these rows, by time."""
        others = [
            run
            for run in openings(self.client)
            if run.info.run_id != self.run_id
            and (run.data.tags[TEST_ROWS] == self.digest or self._shares_rows(run))
        ]
        return sorted(others, key=lambda run: int(run.info.start_time))

    def _shares_rows(self, run: Run) -> bool:
        rows = _rows(run)
        if not rows:  # it ended between its two records: only the data set is known
            return bool(run.data.tags[DATA] == self.data)
        return not set(self.rows).isdisjoint(rows)

    def _withdraw(self) -> None:
        self.client.set_tag(self.run_id, TEST_OPENING, "0")
        self.client.set_tag(self.run_id, LOOK_USES, written([]))
        self.client.set_terminated(self.run_id, ends.KILLED)

    def _refuse(self, others: Sequence[Run]) -> None:
        if others:
            sentences = "\n  ".join(_sentence(run, self.rows) for run in others)
            raise BudgetError(
                f"the sealed test of {self.data} has been opened {times(len(others))}:"
                f"\n  {sentences}\n"
                "what is chosen in sight of it makes it one more validation set; to open it all "
                "the same, say why: reason='...', which is recorded"
            )


def openings(client: MlflowClient) -> list[Run]:
    """Every opening of a sealed test on the server, in whatever experiment, deleted ones too."""
    return all_runs(client, all_experiments(client), f"tags.`{TEST_OPENING}` = '1'", deleted=True)


def _rows(run: Run) -> list[str]:
    profiles = [entry.dataset.profile for entry in run.inputs.dataset_inputs]
    return [row for profile in profiles for row in json_of(profile or "{}").get(MOMENTS, [])]


def _sentence(run: Run, rows: Sequence[str]) -> str:
    tags, loss = run.data.tags, run.data.metrics.get(TEST_LOSS)
    day = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    shared = len(set(rows).intersection(_rows(run)))
    figure = "no figure stored" if loss is None else f"{short(loss)} {tags[UNIT]}"
    reason = f", because {tags[REASON]!r}" if REASON in tags else ""
    return (
        f"{day:%Y-%m-%d %H:%M} UTC by {tags.get(USER, 'unknown')}, run "
        f"{tags[OPENED_RUN]} ({figure}), {shared} of these {len(rows)} rows{reason}"
    )
