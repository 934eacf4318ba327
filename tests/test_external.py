"""Runs that viewcast did not make: their one figure."""

import numpy as np
import pytest
from mlflow.entities import Metric as MlflowMetric
from mlflow.entities import Run, RunData, RunInfo, RunTag

from viewcast.base.errors import ConfigError
from viewcast.tracking.metric_names import more_is_better
from viewcast.tracking.read import external


def logged(**metrics: float) -> Run:
    """A run with these metrics; two underscores stand for a slash, three for a dash."""
    names = {name.replace("___", "-").replace("__", "/"): value for name, value in metrics.items()}
    info = RunInfo("a" * 32, "0", "u", "FINISHED", 0, 1, "active", "/none", run_name="quiet-fox")
    points = [MlflowMetric(name, value, 0, 0) for name, value in names.items()]
    return Run(info, RunData(metrics=points, tags=[RunTag("a", "b")]))


@pytest.mark.parametrize(
    ("run", "taken"),
    [
        (logged(train_loss=1, val_loss=2), ("val_loss", 2)),
        (logged(val_loss=2, model_val_loss=3), ("model_val_loss", 3)),
        (logged(loss=1, eval__loss=4), ("eval/loss", 4)),
        (logged(validation_0___rmse=5, train___rmse=1), ("validation_0-rmse", 5)),
        (logged(val_mae=1, val_mse=2, val_accuracy=3), ("val_mse", 2)),
        (logged(mean_absolute_error=1, root_mean_squared_error=2), ("mean_absolute_error", 1)),
        (logged(Val_MAE=1, mean_squared_error=2), ("Val_MAE", 1)),
        (logged(train_loss=1, training_mse=2, val_accuracy=0.9, val_r2=0.5), None),
        (logged(), None),
    ],
)
def test_the_figure_of_a_run_is_its_validation_loss_by_a_usual_name(
    run: Run, taken: tuple[str, float] | None
) -> None:
    assert external.scalar(run) == taken


def test_the_metric_that_is_asked_for_is_taken_or_nothing() -> None:
    run = logged(val_loss=1, quantile_score=2)
    assert external.scalar(run, "quantile_score") == ("quantile_score", 2)
    assert external.scalar(run, "val_mse") is None


def test_a_loss_that_left_the_numbers_is_no_reason_to_take_another() -> None:
    taken = external.scalar(logged(val_loss=float("nan"), val_mae=1))
    assert taken is not None
    assert taken[0] == "val_loss"
    assert np.isnan(taken[1])


@pytest.mark.parametrize(
    "metric",
    ["val_accuracy", "r2_score", "roc_auc", "val/F1", "neg_mean_squared_error", "score", "mAP@50"],
)
def test_a_metric_of_which_more_is_better_is_refused(metric: str) -> None:
    with pytest.raises(ConfigError, match="more of it is better; expected a loss"):
        external.scalar(logged(val_loss=1), metric)


@pytest.mark.parametrize(
    "metric", ["val_loss", "brier_score_loss", "negative_log_likelihood", "mape", "map_loss"]
)
def test_a_loss_is_no_score_whatever_else_is_in_its_name(metric: str) -> None:
    assert not more_is_better(metric)
