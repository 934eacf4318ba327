"""The key of a run: a hash of its settings, its rows and the code that decides its scores.

MLflow draws the id of a run at random. Files of the pipeline name a run by its key, so that the
same work leaves the same files everywhere. The store is the one place that knows the id of a key.
"""

from collections.abc import Iterable

from mlflow.entities import Run

from viewcast.base.settings import Tracking
from viewcast.tracking.experiments import project_experiments
from viewcast.tracking.store import all_runs, connect
from viewcast.tracking.tags import LOOK_KEY, RUN_KEY

Recorded = dict[str, Run]  # runs by their keys


def key_of(run: Run) -> str | None:
    """The key of a recorded run; None for a run of another tool.

    A candidate of a search has that of its look alone.
    """
    tags = run.data.tags
    key: str | None = tags.get(RUN_KEY) or tags.get(LOOK_KEY)
    return key


def recorded(tracking: Tracking) -> Recorded:
    """The runs of a project by their keys; raises TrackingError without a store."""
    client = connect(tracking)
    return by_key(all_runs(client, project_experiments(client, tracking)))


def by_key(runs: Iterable[Run]) -> Recorded:
    """The run of each key; of several the newest that has finished, else the newest."""
    known: Recorded = {}
    for run in sorted(runs, key=lambda run: (run.info.status == "FINISHED", run.info.start_time)):
        key = key_of(run)
        if key is not None:
            known[key] = run
    return known
