"""Which days of the live series have been used to choose something: the looks, by days."""

import json
from datetime import date

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.paths import LIVE
from viewcast.tracking.datasets import CONTEXT, VALIDATION
from viewcast.tracking.store import all_experiments, all_runs

GATE, TEST = "gate", "test"
USED = (VALIDATION, GATE, TEST)


def spent_to(client: MlflowClient) -> date | None:
    """The last day of the live series that any run of the store, deleted or not, has validated on,
    judged on or tested on; None where there is no such run.
    """
    runs = all_runs(
        client, all_experiments(client), f"tags.`viewcast.data` = '{LIVE}'", deleted=True
    )
    return max((day for run in runs for day in _last_days(run)), default=None)


def _last_days(run: Run) -> list[date]:
    used = [
        json.loads(entry.dataset.profile or "{}").get("last")
        for entry in run.inputs.dataset_inputs
        if any(tag.key == CONTEXT and tag.value in USED for tag in entry.tags)
    ]
    return [date.fromisoformat(last[:10]) for last in used if last]
