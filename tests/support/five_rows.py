"""Five rows with targets and predictions, and what a run that logs them tells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from support.logged_tables import log, tables
from support.mlflow_store import Store
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_table import Found

# MLflow, about calls of its own to pandas.
OLD_CALLS = [
    pytest.mark.filterwarnings("ignore:For backward compatibility, 'str' dtypes are included"),
    pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0 all arguments of all"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop is deprecated"),
]

DAYS = pd.date_range("2024-02-01", periods=5)
NAMES = [f"{day:%Y-%m-%d}" for day in DAYS]
TARGET = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
PREDICTION = np.array([2.0, 1.5, 4.0, 3.0, 5.5])
SQUARED = (PREDICTION - TARGET) ** 2
ABSOLUTE = abs(PREDICTION - TARGET)
Reading = Callable[..., Found]


def reading(store: Store, folder: Path) -> Reading:
    """What a run with these artifacts (frames, or bytes), metrics, params and tags tells."""

    def of_run(
        artifacts: dict[str, Any],
        choice: MetricChoice | None = None,
        metrics: dict[str, float] | None = None,
        params: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> Found:
        with store.run() as run:
            mlflow.log_metrics(metrics or {})
            mlflow.log_params(params or {})
            mlflow.set_tags(tags or {})
            for artifact, content in artifacts.items():
                log(artifact, content, folder / "made")
        return tables(store, folder).of(store.now(run), choice)

    return of_run
