"""Row losses from the tables among a run's artifacts, in whatever form people log them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from support.five_rows import (
    ABSOLUTE,
    DAYS,
    NAMES,
    OLD_CALLS,
    PREDICTION,
    SQUARED,
    TARGET,
    Reading,
    reading,
)
from support.logged_tables import choice, tables
from support.mlflow_store import Store
from viewcast.base.errors import DataError
from viewcast.tracking import artifacts as artifacts_of_runs
from viewcast.tracking.read import row_tables

pytestmark = OLD_CALLS
MSE = {"mean_squared_error": float(SQUARED.mean())}
TABLE = "eval_results_table.json"

KEYS = ["entity", "time", "row"]

Losses = Callable[..., pd.DataFrame | None]


@pytest.fixture
def found(others_store: Store, tmp_path: Path) -> Reading:
    return reading(others_store, tmp_path)


@pytest.fixture
def losses(found: Reading) -> Losses:
    """The row losses that a run tells, with their keys; by mse or mae where ``loss`` says so."""

    def of_run(
        artifacts: dict[str, Any], loss: str | None = None, **logged: Any
    ) -> pd.DataFrame | None:
        rows = found(artifacts, choice(loss), **logged).rows
        return None if rows is None else rows.keys[KEYS].assign(loss=rows.values)

    return of_run


def evaluated(target: str = "views", prediction: str = "outputs") -> pd.DataFrame:
    """As the default evaluator stores it: features, target, prediction, metrics of each row."""
    features = pd.DataFrame({"day": DAYS, "trend": np.arange(5.0)})
    return features.assign(**{target: TARGET, prediction: PREDICTION})


def values(found: pd.DataFrame | None) -> list[float]:
    assert found is not None
    assert list(found) == ["entity", "time", "row", "loss"]
    return list(found["loss"])


def test_of_predictions_only_the_validation_rows_are_taken(losses: Losses) -> None:
    own = pd.DataFrame(
        {
            "entity": "course",
            "time": [*NAMES, "2024-03-01", "2024-03-02"],
            "row": [*(f"lecture {name}" for name in NAMES), "x", "y"],
            "split": [*["validation"] * 5, "train", "test"],
            "loss": [*SQUARED, 7.0, np.nan],
        }
    )
    found = losses({"predictions.parquet": own})
    assert values(found) == list(SQUARED)
    assert found is not None
    assert set(found["entity"]) == {"course"}
    assert list(found["time"]) == NAMES
    assert list(found["row"]) == [f"lecture {name}" for name in NAMES]


def test_predictions_without_losses_are_measured(losses: Losses) -> None:
    own = pd.DataFrame({"day": DAYS, "target": TARGET, "prediction": PREDICTION})
    assert values(losses({"predictions.parquet": own}, loss="mae")) == list(ABSOLUTE)


def test_a_real_table_of_mlflow_gives_the_losses_of_its_predictions(
    others_store: Store, tmp_path: Path
) -> None:
    def squared(predictions: pd.Series, targets: pd.Series, metrics: Any) -> Any:
        return mlflow.metrics.MetricValue(scores=list((predictions - targets) ** 2))

    with others_store.run() as run:
        mlflow.models.evaluate(
            data=evaluated(),
            targets="views",
            predictions="outputs",
            model_type="regressor",
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
            extra_metrics=[
                mlflow.models.make_metric(
                    eval_fn=squared, greater_is_better=False, name="squared_error", version="v1"
                )
            ],
        )
    rows = tables(others_store, tmp_path).of(others_store.now(run), choice("mse")).rows
    assert rows is not None
    assert list(rows.values) == pytest.approx(list(SQUARED))
    assert list(rows.keys["row"]) == list(rows.keys["time"]) == NAMES


def test_a_target_by_any_name_is_known_by_the_metric_that_it_gives(losses: Losses) -> None:
    assert values(losses({TABLE: evaluated()}, metrics=MSE)) == pytest.approx(list(SQUARED))
    other = evaluated(prediction="my forecast")
    assert values(losses({TABLE: other}, metrics=MSE)) == pytest.approx(list(SQUARED))


def test_two_columns_that_no_metric_confirms_are_not_taken_for_target_and_prediction(
    losses: Losses,
) -> None:
    assert losses({TABLE: evaluated()}) is None
    assert losses({TABLE: evaluated()}, metrics={"mean_squared_error": 3.0}) is None
    assert losses({TABLE: evaluated()}, metrics={"rmse": MSE["mean_squared_error"]}) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ABSOLUTE),
        ({"metrics": {"mean_absolute_error": 1.0}}, ABSOLUTE),
        ({"metrics": {"mean_absolute_error": 1.0, "mean_squared_error": 1.0}}, SQUARED),
        ({"metrics": {"val_rmse": 1.0}}, SQUARED),
        ({"metrics": {"val_rmse": 1.0}, "params": {"objective": "regression_l1"}}, ABSOLUTE),
        ({"params": {"criterion": "MSELoss"}}, SQUARED),
        ({"params": {"loss": "huber"}}, ABSOLUTE),
        ({"params": {"loss": "mae"}, "tags": {"viewcast.loss": "mse"}}, SQUARED),
        ({"tags": {"viewcast.loss": "mse"}, "loss": "mae"}, ABSOLUTE),
    ],
)
def test_predictions_are_measured_by_the_loss_that_the_run_names(
    losses: Losses, given: dict[str, Any], expected: np.ndarray
) -> None:
    found = losses({TABLE: evaluated("target", "prediction")}, **given)
    assert values(found) == pytest.approx(list(expected))


def test_without_predictions_a_metric_of_each_row_serves_if_less_of_it_is_better(
    losses: Losses,
) -> None:
    scores = pd.DataFrame({"question": list("abcde"), "accuracy/v1/score": ABSOLUTE})
    assert losses({TABLE: scores}) is None
    scores["pinball_loss/v1/score"] = SQUARED
    assert values(losses({TABLE: scores})) == pytest.approx(list(SQUARED))
    scores["absolute_error/score"] = ABSOLUTE
    assert values(losses({TABLE: scores}, loss="mae")) == pytest.approx(list(ABSOLUTE))


def test_a_prefix_tells_which_table_is_of_validation_rows(losses: Losses) -> None:
    right, wrong = evaluated("target"), evaluated("target").assign(target=0.0)
    found = losses({f"val_{TABLE}": right, f"train_{TABLE}": wrong, TABLE: wrong})
    assert values(found) == pytest.approx(list(ABSOLUTE))


@pytest.mark.parametrize("artifact", ["losses.csv", "losses.parquet", "results/per_row.csv"])
def test_any_one_table_with_a_loss_serves(losses: Losses, artifact: str) -> None:
    table = pd.DataFrame({"Day": DAYS, "Loss": ABSOLUTE}).iloc[::-1]
    found = losses({artifact: table, "notes.csv": pd.DataFrame({"word": ["a"]})})
    assert values(found) == list(ABSOLUTE)
    assert found is not None
    assert list(found["row"]) == NAMES


def test_tables_of_a_server_are_fetched(losses: Losses, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (row_tables, artifacts_of_runs):
        monkeypatch.setattr(module, "local", lambda run: None)
    table = pd.DataFrame({"loss": ABSOLUTE})
    other = pd.DataFrame({"word": ["a"]})
    assert values(losses({"results/rows.csv": table, "rows.csv": other})) == list(ABSOLUTE)
    assert values(losses({"predictions.parquet": table})) == list(ABSOLUTE)


def test_errors_below_zero_are_residuals_and_others_are_losses(losses: Losses) -> None:
    residuals = pd.DataFrame({"error": PREDICTION - TARGET})
    assert values(losses({"errors.csv": residuals}, loss="mse")) == list(SQUARED)
    assert values(losses({"errors.csv": abs(residuals)}, loss="mse")) == list(ABSOLUTE)


def test_a_loss_that_is_missing_stays_missing(losses: Losses) -> None:
    found = losses({"losses.csv": pd.DataFrame({"loss": [1.0, np.nan, 3.0]})})
    assert found is not None
    assert list(found["loss"].isna()) == [False, True, False]


@pytest.mark.parametrize(
    "artifacts",
    [
        {},
        {"history.csv": pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0]})},
        {"train_losses.csv": pd.DataFrame({"loss": ABSOLUTE})},
        {"sealed/hidden_holdout.parquet": pd.DataFrame({"row": NAMES, "loss": ABSOLUTE})},
        {"deep/er/losses.csv": pd.DataFrame({"loss": ABSOLUTE})},
        {"losses.csv": pd.DataFrame({"split": ["train", "test"], "loss": [1.0, 2.0]})},
        {"predictions.parquet": pd.DataFrame({"split": ["test"], "loss": [np.nan]})},
        {"empty.csv": b""},
    ],
)
def test_tables_of_something_else_are_passed_over(
    losses: Losses, artifacts: dict[str, Any]
) -> None:
    assert losses(artifacts) is None


def test_a_table_too_large_to_look_into_is_passed_over(
    losses: Losses, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"losses.csv": pd.DataFrame({"loss": ABSOLUTE})}
    monkeypatch.setattr(row_tables, "LARGEST", 10)
    assert losses(table) is None
    assert losses({"predictions.parquet": table["losses.csv"]}) is not None


def test_of_several_tables_the_one_named_after_validation_rows_is_taken(losses: Losses) -> None:
    one, other = pd.DataFrame({"loss": ABSOLUTE}), pd.DataFrame({"loss": SQUARED})
    assert values(losses({"val_losses.csv": one, "losses.csv": other})) == list(ABSOLUTE)
    with pytest.raises(DataError, match=r"a\.csv and b\.csv could all hold the validation losses"):
        losses({"a.csv": one, "b.csv": other})


@pytest.mark.parametrize(
    ("artifact", "content", "reason"),
    [
        ("predictions.parquet", b"no parquet", "cannot be read"),
        ("losses.parquet", b"no parquet", "cannot be read"),
        (TABLE, b'{"columns": ["a"', "cannot be read"),
        ("losses.csv", b"loss\n1.0\nmany\n", "cannot be read .*many"),
        (
            "losses.csv",
            b"row,loss\na,1.0\nb,2.0\na,3.0\n",
            "column 'row': 'a' occurs twice, 1 of 3",
        ),
        ("losses.csv", b"day,loss\n2024-01-01,1.0\n,2.0\n", "column 'day': missing in 1 of 2"),
    ],
)
def test_the_refusal_of_an_unreadable_table_names_run_and_artifact(
    losses: Losses, artifact: str, content: bytes, reason: str
) -> None:
    with pytest.raises(
        DataError, match=rf"run [0-9a-f]{{32}} \(.+\), artifact {artifact}: {reason}"
    ):
        losses({artifact: content})


def test_the_refusal_of_an_unreachable_artifact_store_names_the_run(
    others_store: Store, tmp_path: Path
) -> None:
    elsewhere = others_store.client.create_experiment("elsewhere", "nowhere://bucket")
    run = others_store.client.create_run(elsewhere)
    with pytest.raises(DataError, match=rf"run {run.info.run_id}: artifacts cannot be listed"):
        tables(others_store, tmp_path).of(run)


def test_numbers_that_repeat_are_no_time(losses: Losses) -> None:
    table = pd.DataFrame({"day": [1, 2, 1, 2, 1], "loss": ABSOLUTE})
    found = losses({"losses.csv": table})
    assert values(found) == list(ABSOLUTE)
    assert found is not None
    assert list(found["row"]) == list("01234")
