"""The views of an experiment as its tags."""

from collections.abc import Mapping, Sequence

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.shown import shown
from viewcast.tracking.views.view import View, is_ours, packed


def write_views(client: MlflowClient, experiment_id: str) -> list[View]:
    """Store the views of an experiment, and take former ones of viewcast away that it has no more.

    Only what has changed is written; a view that a person has saved anew under our key stays as it
    is. Returns the views in the order of the UI's menu.
    """
    held = shown(client, experiment_id)
    views = views_of(held)
    for place, view in unwritten(held.tags, views):
        _store(client, experiment_id, view, place)
    gone = our_views(held.tags) - {view.tag for view in views}
    for tag in sorted(gone):
        forget(client, experiment_id, tag)
    return views


def unwritten(tags: Mapping[str, str], views: Sequence[View]) -> list[tuple[int, View]]:
    """The views that the tags of an experiment lack, or hold as they were, with their place.

    ``views``: in the order of the menu. One that a person has saved anew is none of them.
    """
    return [
        (place, view)
        for place, view in enumerate(views)
        if not (former := tags.get(view.tag))
        or (is_ours(view.tag, former) and former not in (view.text(place), packed(view.state)))
    ]


def our_views(tags: Mapping[str, str]) -> set[str]:
    """The names of the tags of an experiment that hold views of viewcast."""
    return {name for name, value in tags.items() if value and is_ours(name, value)}


def forget(client: MlflowClient, experiment_id: str, tag: str) -> None:
    """Delete a tag of an experiment; MLflow before 2.22 can only empty it."""
    if hasattr(client, "delete_experiment_tag"):
        client.delete_experiment_tag(experiment_id, tag)
    else:
        client.set_experiment_tag(experiment_id, tag, "")


def _store(client: MlflowClient, experiment_id: str, view: View, place: int) -> None:
    """A server before MLflow 3.16 takes no more than 5,000 characters: it gets the short form."""
    try:
        client.set_experiment_tag(experiment_id, view.tag, view.text(place))
    except MlflowException as error:
        if "length" not in str(error):
            raise
        client.set_experiment_tag(experiment_id, view.tag, packed(view.state))
