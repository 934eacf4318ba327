"""Changes of many runs at once: tags that an audit sets or takes away, and metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag

from viewcast.tracking.artifacts import each
from viewcast.tracking.write import sqlite_runs


@dataclass(frozen=True)
class Change:
    """What a run gets: tags by name, None for those that it must not have any more; metrics."""

    run_id: str
    tags: Mapping[str, str | None] = field(default_factory=dict)
    metrics: Sequence[Metric] = ()


def change(client: MlflowClient, changes: Sequence[Change], what: str, ours: bool) -> None:
    """Apply the changes. ``what``: their name beside a bar.

    ``ours``: the runs are those of viewcast alone. In an SQLite store these are changed in one
    transaction; other people's only by MLflow.
    """
    if ours and changes and sqlite_runs.possible(client.tracking_uri):
        tags = {one.run_id: one.tags for one in changes}
        metrics = {one.run_id: one.metrics for one in changes}
        sqlite_runs.change(client.tracking_uri, tags, metrics)
        return
    afar = client.tracking_uri.startswith("http")
    each(changes, lambda one: _request(client, one), what, afar)


def _request(client: MlflowClient, wanted: Change) -> None:
    given = [RunTag(name, value) for name, value in wanted.tags.items() if value is not None]
    if given or wanted.metrics:
        client.log_batch(wanted.run_id, metrics=wanted.metrics, tags=given)
    for name, value in wanted.tags.items():
        if value is None:
            client.delete_tag(wanted.run_id, name)
