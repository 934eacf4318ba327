"""A night in MLflow: one run with its new days, the evaluation of the challenger, and the outcome.

The evaluation is a look at the fresh days. It is recorded before the first of them is scored, with
the purpose ``gate``, so that every later reader of the store sees that these days are spent.
"""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException

from viewcast.data.table import holdout, moments
from viewcast.holdout.looks import Use
from viewcast.tracking.datasets import input_of, log, span
from viewcast.tracking.experiments import NIGHTS, experiment_of
from viewcast.tracking.look_tags import tags_of
from viewcast.tracking.store import connect
from viewcast.tracking.tags import (
    CHALLENGER,
    CHAMPION,
    EXPERIMENT,
    FRESH,
    GATE,
    MODEL,
    NIGHT,
    NIGHT_OUTCOME,
    OUTCOME,
    REASON,
)
from viewcast.tracking.write.recorder import run_tags
from viewcast.training.config import Config

GATED = Use("gate", 1, 2)  # one comparison, to choose between two


class NightRun:
    """The run of a night. It is made once; a night that goes on after a kill uses it again."""

    def __init__(self, config: Config, root: Path, night: str, known: str | None) -> None:
        """``config``: of a nightly run. ``known``: the id of the run, if it exists."""
        self.client = connect(config.tracking)
        self.run_id = known or ""
        if known is not None and self._goes_on(known, night):
            return
        tags = {**run_tags(config, root), NIGHT: night, MODEL: "", EXPERIMENT: "night"}
        experiment = experiment_of(self.client, config, NIGHTS)
        created = self.client.create_run(experiment, run_name=f"night {night}", tags=tags)
        self.run_id = created.info.run_id

    def _goes_on(self, run_id: str, night: str) -> bool:
        try:
            self.client.update_run(run_id, status="RUNNING", name=f"night {night}")
            self.client.set_tag(run_id, NIGHT, night)
        except MlflowException:  # another store than the one it was recorded in
            return False
        return True

    def record_look(self, rows: pd.DataFrame, challenger: int, champion: int) -> None:
        """Record a look at these fresh rows (entity, time, target), before it happens.

        ``challenger``, ``champion``: the versions that are compared; 0 where there is no champion.
        """
        digest = holdout(rows)
        about = {"num_rows": len(rows), **span(rows), "moments": moments(rows)}
        used = input_of(f"{rows['entity'].iloc[0]}-fresh", digest, "data/live", GATE, about)
        log(self.client, self.run_id, [used])
        versions = {CHALLENGER: str(challenger), CHAMPION: str(champion)}
        self.tag({**tags_of([GATED]), FRESH: digest, **versions})

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
        self.client.log_dict(self.run_id, summary, NIGHT_OUTCOME)
        self.tag({OUTCOME: summary["outcome"], REASON: summary["reason"]})
        self.client.set_terminated(self.run_id, "FINISHED")
