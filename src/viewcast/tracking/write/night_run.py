"""A night in MLflow: one run with its new days, what serves, and the outcome."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException

from viewcast.base.provenance import git_commit, user
from viewcast.tracking import tags as names
from viewcast.tracking.experiments import NIGHTS, experiment_of
from viewcast.tracking.store import connect
from viewcast.tracking.subject import Subject
from viewcast.tracking.write import ends


class NightRun:
    """The run of a night. It is made once; a night that goes on after a kill uses it again.

    As a context manager it ends the run FAILED or KILLED where the block raises before its end.
    """

    def __init__(self, subject: Subject, root: Path, night: str, known: str | None) -> None:
        """``subject``: the channel. ``known``: the id of the run, if it exists."""
        self.client = connect(subject.tracking)
        self.run_id, self.ended = known or "", False
        if known is not None and self._goes_on(known, night):
            return
        experiment = experiment_of(self.client, subject, NIGHTS)
        tags = {**_tags(subject, root), names.NIGHT: night}
        created = self.client.create_run(experiment, run_name=f"night {night}", tags=tags)
        self.run_id = created.info.run_id

    def _goes_on(self, run_id: str, night: str) -> bool:
        try:
            self.client.update_run(run_id, status="RUNNING", name=f"night {night}")
            self.client.set_tag(run_id, names.NIGHT, night)
        except MlflowException:  # another store than the one it was recorded in
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and not self.ended:
            with contextlib.suppress(Exception):  # of a store that answers no more
                self.client.set_terminated(self.run_id, ends.status(error))

    def tag(self, tags: dict[str, str]) -> None:
        """Add tags."""
        self.client.log_batch(self.run_id, tags=[RunTag(k, v) for k, v in tags.items()])

    def log_metrics(self, values: Mapping[str, float | None]) -> None:
        """Add metrics; those without a value are left out."""
        now = int(time.time() * 1000)
        known = {key: value for key, value in values.items() if value is not None}
        metrics = [Metric(key, float(value), now, 0) for key, value in known.items()]
        self.client.log_batch(self.run_id, metrics=metrics)

    def table(self, frame: pd.DataFrame, name: str) -> None:
        """Store a table as the artifact ``name``."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            frame.to_parquet(file, index=False)
            self.client.log_artifact(self.run_id, str(file))

    def end(self, summary: dict[str, Any]) -> None:
        """Store the outcome and end the run."""
        self.client.log_dict(self.run_id, summary, names.NIGHT_OUTCOME)
        self.tag({names.OUTCOME: summary["outcome"], names.REASON: summary["reason"]})
        self.client.set_terminated(self.run_id, ends.FINISHED)
        self.ended = True


def _tags(subject: Subject, root: Path) -> dict[str, str]:
    """What identifies a night: channel, unit, code, user."""
    return {
        names.DATA: subject.data,
        names.LABEL: subject.label,
        names.LOSS: subject.loss,
        names.UNIT: subject.unit,
        names.MODEL: "",
        names.EXPERIMENT: "night",
        names.GIT_COMMIT: git_commit(root),
        names.USER: user(),
        names.SOURCE_NAME: Path(sys.argv[0]).name,
        names.SOURCE_TYPE: "LOCAL",
        **({names.SIMULATED: "true"} if "simulated" in subject.label else {}),
    }
