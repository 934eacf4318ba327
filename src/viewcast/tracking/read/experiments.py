"""Which store and which experiment are meant, where the user names none."""

import os

import mlflow

from viewcast.base.errors import ConfigError, DataError
from viewcast.tracking.store import connect_to, experiment_names

EXPERIMENT_NAME = "MLFLOW_EXPERIMENT_NAME"


def usual_uri() -> str:
    """The store that MLflow itself would use: ``MLFLOW_TRACKING_URI``, else its default."""
    return str(mlflow.get_tracking_uri())


def usual_experiment(uri: str) -> str:
    """The experiment that is meant: ``MLFLOW_EXPERIMENT_NAME``, else the only one with runs.

    Raises TrackingError where the store cannot be reached, DataError where it holds no run, and
    ConfigError, with the names, where several experiments have runs.
    """
    named = os.environ.get(EXPERIMENT_NAME)
    if named:
        return named
    client = connect_to(uri)
    used = [
        name
        for experiment_id, name in experiment_names(client).items()
        if client.search_runs([experiment_id], max_results=1)
    ]
    if not used:
        raise DataError(f"tracking uri = {uri}: no experiment has a run; log some, then audit")
    if len(used) > 1:
        raise ConfigError(
            f"experiment is not given, and {uri} has {len(used)} with runs: {', '.join(used)}; "
            "name one of them"
        )
    return used[0]
