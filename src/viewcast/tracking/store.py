"""Reaching the tracking store, safely for many processes at once."""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

# MLflow reads these when it is imported; progress bars of copies of a few kilobytes are noise.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# Usage reports wait for a network that need not be there: up to seconds at the end of a stage.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.pop("MLFLOW_RUN_ID", None)

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, Run, ViewType
from mlflow.exceptions import MlflowException

from viewcast.base.errors import TrackingError
from viewcast.base.settings import Tracking

SQLITE = "sqlite:///"
PAGE = 1000  # runs in one answer of the store
KIND = {"mlflow.experimentKind": "custom_model_development"}  # the UI then shows losses, not chats

for _name in ("mlflow", "alembic"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def connect(tracking: Tracking) -> tuple[MlflowClient, str]:
    """A client and the id of the experiment, created on first use.

    The first use of a SQLite store creates its tables, which MLflow does not guard: a file lock
    beside the database lets one process do it while the others wait. Raises TrackingError where
    the store cannot be reached.
    """
    mlflow.set_tracking_uri(tracking.uri)
    try:
        with _first_use(tracking.uri):
            client = MlflowClient(tracking.uri)
            found = client.get_experiment_by_name(tracking.experiment)
            if found is not None:
                return client, found.experiment_id
            where = None if tracking.artifacts is None else Path(tracking.artifacts).as_uri()
            return client, client.create_experiment(tracking.experiment, where, KIND)
    except (MlflowException, OSError) as error:
        raise TrackingError(
            f"tracking.uri = {tracking.uri}: cannot be used ({error}); "
            "start the server, or choose tracking=sqlite"
        ) from error


@contextmanager
def answering(tracking: Tracking) -> Iterator[None]:
    """Whatever is asked of the store inside: TrackingError where it gives no answer."""
    try:
        yield
    except MlflowException as error:
        said = str(error).splitlines()[0]
        raise TrackingError(
            f"tracking.uri = {tracking.uri}: gave no answer ({said}); see that the server runs, "
            "and run again: what was done is kept"
        ) from error


def all_runs(
    client: MlflowClient,
    experiments: str | Sequence[str],
    filter_string: str = "",
    deleted: bool = False,
) -> list[Run]:
    """Every run of the experiments (ids) that the filter finds, however many pages they fill.

    ``deleted``: runs that were deleted too.
    """
    ids = [experiments] if isinstance(experiments, str) else list(experiments)
    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    runs: list[Run] = []
    token: str | None = None
    while token != "":
        page = client.search_runs(ids, filter_string, view, PAGE, page_token=token)
        runs += page
        token = page.token or ""
    return runs


def related(client: MlflowClient, experiment: str) -> list[str]:
    """The ids of an experiment and of those that belong to it, ``<experiment>-…`` by name.

    Hundreds of runs that people do not compare one by one, such as the submissions of an attack,
    have an experiment of their own: the run table shows the newest hundred and nothing else.
    """
    found = _experiments(client, ViewType.ACTIVE_ONLY)
    named = {one.name: str(one.experiment_id) for one in found}
    return [id_ for name, id_ in named.items() if f"{name}-".startswith(f"{experiment}-")]


def all_experiments(client: MlflowClient) -> list[str]:
    """The id of every experiment of the store, deleted ones too."""
    return [str(one.experiment_id) for one in _experiments(client, ViewType.ALL)]


def _experiments(client: MlflowClient, view: int) -> list[Experiment]:
    found: list[Experiment] = []
    token: str | None = None
    while token != "":
        page = client.search_experiments(view, PAGE, page_token=token)
        found += page
        token = page.token or ""
    return found


@contextmanager
def _first_use(uri: str) -> Iterator[None]:
    if not uri.startswith(SQLITE):
        yield
        return
    database = Path(uri.removeprefix(SQLITE))
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(database.with_suffix(".lock")), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
