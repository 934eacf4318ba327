"""Figures that are found out about runs after they have ended."""

import time
from collections.abc import Mapping

from mlflow.entities import Metric

from viewcast.base.settings import Tracking
from viewcast.tracking.store import connect


def note(tracking: Tracking, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Add metrics to runs: by the id of a run, name and value of each."""
    client, _ = connect(tracking)
    now = int(time.time() * 1000)
    for run_id, found in figures.items():
        client.log_batch(run_id, [Metric(name, value, now, 0) for name, value in found.items()])
