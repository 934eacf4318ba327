"""The run table of MLflow's UI with the audit's columns: a shared view of the experiment.

The table shows no column until a user picks it. The UI keeps a shared view as a tag of the
experiment and opens it by ``?viewStateShareKey=<key>``; this view is such a tag, with the key
``viewcast``. A UI that does not know the tag shows its usual table.
"""

import json
from collections.abc import Sequence

from mlflow import MlflowClient

from viewcast.tracking.tags import (
    BOUND95,
    EXPECTED,
    IN_CONFIDENCE_SET,
    LOOK_COUNT,
    MODEL_TRAIN_LOSS,
    MODEL_VAL_LOSS,
    OPTIMISM,
    RANK,
    SHARED_VIEW,
    UNIT,
    VAL_LOSS_TRUE,
    VERDICT,
)

TAGS = (EXPECTED, BOUND95, OPTIMISM, LOOK_COUNT, IN_CONFIDENCE_SET, UNIT, VERDICT)
METRICS = (MODEL_TRAIN_LOSS, MODEL_VAL_LOSS, VAL_LOSS_TRUE)  # of runs that viewcast made


def share(client: MlflowClient, experiment_id: str, metrics: Sequence[str] = ()) -> None:
    """Store the view with the experiment: the audit's columns, the best run first.

    ``metrics``: names of those that the runs were chosen by, which stand beside them.
    """
    columns = ["attributes.`Dataset`"]
    columns += [f"metrics.`{name}`" for name in metrics or METRICS]
    columns += [f"tags.`{name}`" for name in TAGS]
    state = {
        "orderByKey": f"tags.`{RANK}`",
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
