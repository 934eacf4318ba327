"""A run of somebody else's program: its store is asked in seconds, and MLflow left as it is set up.

Nothing here changes the settings of the process for longer than a call.
"""

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from viewcast.base.errors import TrackingError
from viewcast.tracking.answers import FAILURES, told, unanswered
from viewcast.tracking.patience import ONCE, SERVER, first, patience


def known_run(client: MlflowClient, run_id: str) -> Run:
    """A run by its id; TrackingError where the store does not know it, or gives no answer."""
    uri = str(client.tracking_uri)
    try:
        if uri.startswith(SERVER):
            return first(lambda: client.get_run(run_id))
        return client.get_run(run_id)
    except FAILURES as error:
        raise TrackingError(
            f"run_id = {run_id}: cannot be reached at {uri}: {told(error, uri)}"
        ) from error


def check_answers(client: MlflowClient) -> None:
    """Refuse (TrackingError) a server that gives no answer, before a run is made in it."""
    uri = str(client.tracking_uri)
    if uri.startswith(SERVER):
        try:
            first(lambda: client.search_experiments(max_results=1))
        except FAILURES as error:
            raise TrackingError(f"tracking uri = {uri}: {told(error, uri)}") from error


def last_run() -> Run | None:
    """The run that is active in this thread, else the last one that was, as autologging leaves it.

    None where this store has none. Raises TrackingError where it gives no answer.
    """
    try:
        with patience(ONCE):
            return mlflow.last_active_run()
    except MlflowException as error:
        if unanswered(error):
            uri = str(mlflow.get_tracking_uri())
            raise TrackingError(f"tracking uri = {uri}: {told(error, uri)}") from error
        return None  # the last one was in another store
