"""The run table of MLflow's UI with the audit's columns: a shared view of the experiment.

The table shows no metric until somebody picks its column. A view that somebody shares is kept by
the UI as a tag of the experiment and opened by ``?viewStateShareKey=<key>``; this one is such a
tag. A UI that does not know it shows the table as ever.
"""

import json

from mlflow import MlflowClient

KEY = "audit"
TAG = f"mlflow.sharedViewState.{KEY}"
METRICS = (
    "model_train_loss",
    "model_val_loss",
    "val_loss_expected",
    "val_loss_upper95",
    "optimism",
    "looks",
    "in_confidence_set",
    "val_loss_true",
)
TAGS = ("viewcast.unit", "viewcast.verdict")
SORTED = "val_loss_expected"


def share(client: MlflowClient, experiment_id: str) -> None:
    """Keep the view with the experiment: the audit's columns, by the expected loss."""
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
    if client.get_experiment(experiment_id).tags.get(TAG) != text:
        client.set_experiment_tag(experiment_id, TAG, text)
