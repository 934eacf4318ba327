"""The days of the live series that have been used to choose something."""

import json
from datetime import date

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.paths import LIVE
from viewcast.tracking.datasets import in_context
from viewcast.tracking.store import all_experiments, all_runs
from viewcast.tracking.tags import DATA, GATE, TEST, VALIDATION


def spent_to(client: MlflowClient) -> date | None:
    """The last day of the live series on which any run of the store, deleted or not, was
    validated, compared with the champion, or tested; None where there is no such run.
    """
    runs = all_runs(client, all_experiments(client), f"tags.`{DATA}` = '{LIVE}'", deleted=True)
    return max((day for run in runs for day in _last_days(run)), default=None)


def _last_days(run: Run) -> list[date]:
    datasets = in_context(run, VALIDATION, GATE, TEST)
    last = [json.loads(dataset.profile or "{}").get("last") for dataset in datasets]
    return [date.fromisoformat(day[:10]) for day in last if day]
