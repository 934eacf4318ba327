"""What is added to runs after they have ended: pictures of them, and figures found out later."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from mlflow.entities import Metric

from viewcast.base.settings import Tracking
from viewcast.tracking.experiments import project_experiments
from viewcast.tracking.store import all_runs, connect
from viewcast.tracking.tags import PICTURES_FOLDER


class Picture(Protocol):
    """A picture on disk and the runs it shows."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def run_ids(self) -> list[str]:
        """The runs, by MLflow's identity."""


def add_pictures(pictures: Iterable[Picture], tracking: Tracking) -> None:
    """Store each picture under ``pictures/`` of every run in it that the store knows."""
    client = connect(tracking)
    known = {run.info.run_id for run in all_runs(client, project_experiments(client, tracking))}
    for picture in pictures:
        for run_id in known.intersection(picture.run_ids):
            client.log_artifact(run_id, str(picture.path), PICTURES_FOLDER)


def add_metrics(tracking: Tracking, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Add metrics to runs; ``figures``: name and value of each metric, by the id of the run."""
    client = connect(tracking)
    now = int(time.time() * 1000)
    for run_id, metrics in figures.items():
        client.log_batch(run_id, [Metric(name, value, now, 0) for name, value in metrics.items()])
