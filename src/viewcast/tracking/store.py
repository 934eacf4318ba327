"""Reaching the tracking store, safely for many processes at once; every read covers all pages."""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
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
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from viewcast.base.errors import ConfigError, TrackingError, translate
from viewcast.base.settings import Tracking
from viewcast.tracking import first_use, former
from viewcast.tracking.answers import FAILURES, OF_REQUESTS, told
from viewcast.tracking.moved import follow
from viewcast.tracking.patience import PAGE as FOR_A_PAGE
from viewcast.tracking.patience import SERVER, first, install, patience
from viewcast.tracking.relocated import relocated
from viewcast.tracking.schema import untouched
from viewcast.tracking.tags import EXPERIMENT_KIND
from viewcast.tracking.write_ahead import write_ahead

SQLITE = "sqlite:///"
PAGE = 1000  # runs in one answer of the store
KIND = {EXPERIMENT_KIND: "custom_model_development"}  # the UI then shows losses, not chats
ALLOW_FOLDERS = "MLFLOW_ALLOW_FILE_STORE"

# urllib3 warns of every single try.
for _name in ("mlflow", "alembic", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def connect(tracking: Tracking) -> MlflowClient:
    """A client of the store; experiments are made by ``viewcast.tracking.experiments``.

    The first use of a store in a database creates its tables, which MLflow does not guard: a file
    lock beside an SQLite file lets one process do it while the others wait, in PostgreSQL a lock of
    the database (``viewcast.tracking.first_use``). A SQLite store of viewcast
    alone writes ahead (``viewcast.tracking.write_ahead``), and that of a project that has moved
    follows it (``viewcast.tracking.moved``). Raises TrackingError where the store cannot be
    reached, in seconds (``viewcast.tracking.patience``).
    """
    try:
        return reach(tracking)
    except FAILURES as error:
        raise TrackingError(
            f"tracking.uri = {tracking.uri}: {told(error, tracking.uri)}; or choose tracking=sqlite"
        ) from error


def reach(tracking: Tracking) -> MlflowClient:
    """As ``connect``; raises what MLflow and the libraries below it raise (``answers.FAILURES``)
    where the store cannot be reached.
    """
    install()
    mlflow.set_tracking_uri(tracking.uri)
    with _first_use(tracking):
        return _answering_client(tracking.uri)


def _answering_client(uri: str, only_read: bool = False) -> MlflowClient:
    """A client of a store that has answered the first question. ``only_read``: refuse
    (TrackingError) a database whose tables MLflow would make or change.
    """
    if first_use.is_database(uri):
        found = first(lambda: first_use.tables(uri))
        if only_read:
            first_use.check_is_there(found, uri)
        # Making tables takes as long as it takes.
        with nullcontext() if found.made else first_use.alone(uri):
            return _asked(uri)
    if uri.startswith(SERVER):
        return first(lambda: _asked(uri))
    return _asked(uri)  # local, or a store of another kind, which MLflow's plugins know


def _asked(uri: str) -> MlflowClient:
    client = MlflowClient(uri)
    client.search_experiments(max_results=1)
    return client


def connect_existing(uri: str, experiment: str) -> tuple[MlflowClient, str]:
    """A client and the id of an experiment; neither the store nor the experiment is created.

    Raises TrackingError where the server does not answer, ConfigError for an unknown experiment.
    """
    client = connect_to(uri)
    try:
        found = client.get_experiment_by_name(experiment)
        known = [] if found else experiments(client)
    except FAILURES as error:
        raise _unusable(uri, error) from error
    if found is None:
        raise unknown(uri, experiment, known)
    return client, str(found.experiment_id)


def unknown(uri: str, experiment: str, known: Sequence[Experiment]) -> ConfigError:
    """The refusal of an experiment that is not among the ``known`` ones of a store."""
    names = ", ".join(str(each.name) for each in known)
    return ConfigError(f"experiment = {experiment}: unknown to {uri}; allowed: {names or 'none'}")


def connect_to(uri: str) -> MlflowClient:
    """A client of a store that exists and answers; nothing is created.

    A relative SQLite file lies where the caller stands; of a store of an older MLflow a copy is
    read. Raises TrackingError where the store is not there or gives no answer, and for a database
    of an older MLflow.
    """
    if uri.startswith(SQLITE):
        database = Path(uri.removeprefix(SQLITE))
        if not database.is_file():
            raise TrackingError(
                f"tracking uri = {uri}: no such file in {Path.cwd()}; mend the uri, go to its "
                "folder, or log a run first"
            )
        first_use.wait_for_tables(database)
    if is_local_uri(uri):
        _check_folder(uri)
    try:
        return _answering_client(untouched(uri), only_read=True)
    except FAILURES as error:
        raise _unusable(uri, error) from error


def _check_folder(uri: str) -> None:
    """Refuse (TrackingError) a folder that is no store: MLflow would make one of it.

    MLflow 3 opens the folders that it made by default for years only where it is told to.
    """
    folder = Path(local_file_uri_to_path(uri))
    if not any(folder.glob("*/meta.yaml")):
        raise TrackingError(
            f"tracking uri = {uri}: {folder.resolve()} is no store of MLflow; expected its folder "
            "(mlruns), sqlite:///<file> or the address of a server"
        )
    os.environ.setdefault(ALLOW_FOLDERS, "true")


def experiment_names(client: MlflowClient) -> dict[str, str]:
    """The names of all experiments by their id, without deleted ones."""
    return {str(each.experiment_id): str(each.name) for each in experiments(client)}


def _unusable(uri: str, error: Exception) -> TrackingError:
    return TrackingError(f"tracking.uri = {uri}: {told(error, uri)}")


@contextmanager
def answering(tracking: Tracking) -> Iterator[None]:
    """Requests to the store in this context: TrackingError where it gives no answer."""
    try:
        yield
    except OF_REQUESTS as error:
        raise _broken_off(error, tracking.uri) from error


def _broken_off(error: Exception, uri: str) -> TrackingError:
    return TrackingError(
        f"tracking.uri = {uri}: {told(error, uri)}. Then type the same again: what was done is kept"
    )


def _in_words(error: BaseException) -> TrackingError | None:
    """What a server answered that nobody has caught, for the last line of a program."""
    uri = str(mlflow.get_tracking_uri())
    if uri.startswith(SERVER) and isinstance(error, OF_REQUESTS):
        return _broken_off(error, uri)
    return None


translate(_in_words)


def all_runs(
    client: MlflowClient,
    experiments: str | Sequence[str],
    filter_string: str = "",
    deleted: bool = False,
) -> list[Run]:
    """Every run of the experiments (ids) that the filter finds, under the names of today.

    ``deleted``: deleted runs too. Runs of version 0.1: see ``viewcast.tracking.former``; of a store
    that lies elsewhere than when it was written: ``viewcast.tracking.relocated``.
    """
    ids = [experiments] if isinstance(experiments, str) else list(experiments)
    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    runs: list[Run] = []
    token: str | None = None
    while token != "":
        with patience(FOR_A_PAGE):
            page = client.search_runs(ids, filter_string, view, PAGE, page_token=token)
        runs += map(former.translated, page)
        token = page.token or ""
    return relocated(runs, str(client.tracking_uri))


def all_experiments(client: MlflowClient) -> list[str]:
    """The id of every experiment of the store, deleted ones too."""
    return [str(each.experiment_id) for each in experiments(client, ViewType.ALL)]


def experiments(client: MlflowClient, view: int = ViewType.ACTIVE_ONLY) -> list[Experiment]:
    """Every experiment of the store with its tags; ``view``: whether deleted ones too."""
    known: list[Experiment] = []
    token: str | None = None
    while token != "":
        page = client.search_experiments(view, PAGE, page_token=token)
        known += page
        token = page.token or ""
    return known


@contextmanager
def _first_use(tracking: Tracking) -> Iterator[None]:
    if not tracking.uri.startswith(SQLITE):
        yield
        return
    database = Path(tracking.uri.removeprefix(SQLITE))
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(first_use.lock_of(database)), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        write_ahead(database)
        follow(tracking)
        yield
