"""Runs as others log them, and how an audit understands them."""

from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

from support.simulated_store import SimulatedStore
from viewcast.assessment.study import Scored, Study
from viewcast.assessment.understanding import Understanding

LOSSES = {"a": 0.5, "b": 0.4, "c": 0.6}
SEARCH = {"estimator_class": "sklearn.model_selection._search.GridSearchCV"}


def understood(study: Study) -> Understanding:
    assert study.understood is not None
    return study.understood


def winner(study: Study) -> Scored:
    """The run of the least loss, as a choice takes it."""
    taken = [run for run in study.runs if run.excluded is None and run.shown is not None]
    return min(taken, key=lambda run: run.shown or 0.0)


def aside(study: Study) -> dict[str, str]:
    """Why runs were set aside, by name."""
    return {name: group.reason for group in understood(study).set_aside for name in group.names}


def scalars(store: SimulatedStore, metric: str, values: dict[str, float], **others: Any) -> None:
    for name, value in values.items():
        store.bare(name, metrics={metric: value}, **others)


def series(store: SimulatedStore, run_id: str, metric: str, values: list[float]) -> None:
    points = [Metric(metric, value, 0, step) for step, value in enumerate(values)]
    store.client.log_batch(run_id, metrics=points)


def rows(store: SimulatedStore, run_id: str, digest: str, context: str, name: str = "d") -> None:
    data = Dataset(name, digest, "local", "here", profile='{"num_rows": 150}')
    entry = DatasetInput(data, [InputTag("mlflow.data.context", context)])
    store.client.log_inputs(run_id, datasets=[entry])
