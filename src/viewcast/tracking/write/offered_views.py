"""The views of each experiment of a store: those that it has, and those that it could have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlflow import MlflowClient

from viewcast.base.errors import ConfigError
from viewcast.base.settings import Tracking
from viewcast.tracking.moved import follow_beside
from viewcast.tracking.schema import check_writable, is_copy
from viewcast.tracking.store import answering, connect_to, experiment_names
from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.shown import Shown, shown
from viewcast.tracking.views.view import View
from viewcast.tracking.write.views import unwritten, write_views


@dataclass(frozen=True)
class Offered:
    """An experiment with its ``tags`` as they are now and the ``views`` that it can have.

    ``due``: those of the views that its tags lack or hold as they were, and that may be written.
    """

    held: Shown
    tags: Mapping[str, str]
    views: Sequence[View]
    due: Sequence[View]


def offered(uri: str, experiment: str | None = None, write: bool = False) -> Iterator[Offered]:
    """The experiments of a store that have runs, by name.

    Views of those that viewcast or a referee made are brought up to date, those of others only
    where ``write`` says so. The store of a project that has moved follows it. Nothing is written to
    the store of an older MLflow. ``experiment``: this one alone.

    Raises ConfigError for an unknown experiment; TrackingError where the store gives no answer, and
    where it is of an older MLflow and ``write`` is asked for.
    """
    client = connect_to(uri)
    if write:
        check_writable(client)
    if not is_copy(client):
        follow_beside(uri)
    with answering(Tracking(uri, None, "", 0.0)):
        names = experiment_names(client)
        if experiment is not None and experiment not in names.values():
            known = ", ".join(sorted(names.values())) or "none"
            raise ConfigError(f"experiment = {experiment}: unknown to {uri}; allowed: {known}")
        for name, experiment_id in sorted((name, each) for each, name in names.items()):
            if experiment in (None, name):
                held = shown(client, experiment_id)
                if held.runs:
                    yield _offered(client, held, write or held.ours or held.of_referees)


def would_migrate(uri: str) -> bool:
    """Whether the installed MLflow would migrate the tables of a store when it opens it.

    Raises TrackingError where the store gives no answer.
    """
    return is_copy(connect_to(uri))


def _offered(client: MlflowClient, held: Shown, write: bool) -> Offered:
    if is_copy(client):
        return Offered(held, held.tags, views_of(held), [])
    if write:
        views = write_views(client, held.experiment_id)
        return Offered(held, client.get_experiment(held.experiment_id).tags, views, [])
    views = views_of(held)
    return Offered(held, held.tags, views, [view for _, view in unwritten(held.tags, views)])
