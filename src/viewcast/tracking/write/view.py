"""The run table of MLflow's UI with the audit's columns: a shared view of the experiment.

The table shows no metric until a user picks its column. The UI keeps a shared view as a tag of the
experiment and opens it by ``?viewStateShareKey=<key>``; this view is such a tag, with the key
``audit``. A UI that does not know the tag shows its usual table.
"""

import json

from mlflow import MlflowClient

from viewcast.tracking.tags import (
    IN_CONFIDENCE_SET,
    LOOKS,
    MODEL_TRAIN_LOSS,
    MODEL_VAL_LOSS,
    OPTIMISM,
    SHARED_VIEW,
    UNIT,
    VAL_LOSS_EXPECTED,
    VAL_LOSS_TRUE,
    VAL_LOSS_UPPER95,
    VERDICT,
)

METRICS = (
    MODEL_TRAIN_LOSS,
    MODEL_VAL_LOSS,
    VAL_LOSS_EXPECTED,
    VAL_LOSS_UPPER95,
    OPTIMISM,
    LOOKS,
    IN_CONFIDENCE_SET,
    VAL_LOSS_TRUE,
)
TAGS = (UNIT, VERDICT)
SORTED = VAL_LOSS_EXPECTED


def share(client: MlflowClient, experiment_id: str) -> None:
    """Store the view with the experiment: the audit's columns, sorted by the expected loss."""
    columns = ["attributes.`Dataset`"]
    columns += [f"metrics.`{name}`" for name in METRICS] + [f"tags.`{name}`" for name in TAGS]
    state = {
        "orderByKey": f"metrics.`{SORTED}`",
        "orderByAsc": True,
        "searchFilter": "",
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
    }
    text = json.dumps(state)
    if client.get_experiment(experiment_id).tags.get(SHARED_VIEW) != text:
        client.set_experiment_tag(experiment_id, SHARED_VIEW, text)
