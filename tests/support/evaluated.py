"""Days to evaluate, and calls of the evaluator plug-in as people make them."""

from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

# MLflow, about calls of its own to pandas, and about how it imports XGBoost.
MARKS = [
    pytest.mark.xdist_group("evaluator"),  # what is costly is made once for all
    pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0 all arguments of all"),
    pytest.mark.filterwarnings("ignore:_ImportHookChainedLoader:ImportWarning"),
    pytest.mark.filterwarnings("ignore:the load_module.. method is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop is deprecated"),
]

SETTINGS = {"loss": "mae", "row": "day", "block": 7}


def days(count: int = 35) -> pd.DataFrame:
    """Validation days with two features and the views to predict."""
    rng = np.random.default_rng(7)
    features = pd.DataFrame(rng.normal(size=(count, 2)), columns=["trend", "weekday"])
    return features.assign(
        day=pd.date_range("2024-02-01", periods=count),
        views=2 * features["trend"] + rng.normal(size=count),
    )


def predicted(slope: float) -> pd.DataFrame:
    return days().assign(forecast=lambda rows: slope * rows["trend"])


def evaluate(data: Any, model: Any = None, **settings: Any) -> mlflow.models.EvaluationResult:
    """By viewcast alone; static where there is no model."""
    static = {} if model is not None else {"predictions": "forecast"}
    return mlflow.models.evaluate(
        model,
        data,
        targets="views",
        model_type="regressor",
        evaluators="viewcast",
        evaluator_config=settings or SETTINGS,
        **static,
    )


NO_EXPLANATION = {"log_model_explainability": False}
