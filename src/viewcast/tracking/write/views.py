"""The views of an experiment as its tags."""

from mlflow import MlflowClient

from viewcast.tracking.views.view import View


def write_views(client: MlflowClient, experiment_id: str) -> list[View]:
    """Store the views of an experiment, and take former ones of viewcast away that it has no more.

    Only what has changed is written. Returns the views in the order of the UI's menu.
    """
    raise NotImplementedError
