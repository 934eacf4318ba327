"""The evaluator plug-in, as people call it: through mlflow.models.evaluate."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error

from support.evaluated import MARKS, NO_EXPLANATION, SETTINGS, days, evaluate, predicted
from support.mlflow_store import Store
from viewcast.base.errors import ConfigError
from viewcast.data import table
from viewcast.holdout.looks import REPORT, written
from viewcast.scoring.scores import score

pytestmark = MARKS

LOAD = "import mlflow.models; print(mlflow.models.list_evaluators(), *__import__('sys').modules)"


@pytest.fixture
def store(others_store: Store) -> Store:
    return others_store


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A scikit-learn model of the features alone, with and without a signature."""
    features = days()[["trend", "weekday"]]
    model = LinearRegression().fit(features, days()["views"])
    folder = tmp_path_factory.mktemp("models")
    for signed in (True, False):
        signature = infer_signature(features, model.predict(features)) if signed else False
        mlflow.sklearn.save_model(
            model, folder / str(signed), signature=signature, pip_requirements=[]
        )
    return {signed: folder / str(signed) for signed in (True, False)}


def test_mlflow_finds_the_evaluator_by_its_entry_point() -> None:
    assert "viewcast" in mlflow.models.list_evaluators()


def test_a_process_that_does_not_use_the_evaluator_is_left_alone() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "viewcast.tracking.write.evaluator" in loaded
    assert not loaded & {"viewcast.tracking.store", "torch", "hydra", "arch"}


@pytest.mark.parametrize("signed", [True, False])
def test_a_model_is_scored_row_by_row_in_order_of_time(
    store: Store, regression: dict[bool, Path], signed: bool
) -> None:
    shuffled = days().sample(frac=1, random_state=3)
    with store.run() as run:
        result = evaluate(shuffled, str(regression[signed]))
    model = mlflow.sklearn.load_model(str(regression[signed]))
    expected = abs(model.predict(days()[["trend", "weekday"]]) - days()["views"])
    rows = store.table(run)
    assert list(rows) == ["entity", "time", "row", "split", "target", "prediction", "loss"]
    assert list(rows["row"]) == [f"{day:%Y-%m-%d}" for day in days()["day"]]
    assert list(rows["time"]) == list(rows["row"])
    assert set(rows["split"]) == {"validation"}
    np.testing.assert_allclose(rows["loss"], expected)
    mean = score(expected, 7)
    assert mean is not None
    figures = {"val_loss": mean.mean, "val_error": mean.error, "looks": 1}
    assert result.metrics == pytest.approx(figures)
    assert store.now(run).data.metrics == pytest.approx(figures)
    pd.testing.assert_frame_equal(result.artifacts["predictions"].content, rows)


def test_the_run_carries_the_record_of_a_look(store: Store) -> None:
    with store.run() as run:
        evaluate(predicted(2.0))
    recorded = store.now(run)
    tags = recorded.data.tags
    rows = days().assign(entity="", time=days()["day"], target=days()["views"])
    assert tags["viewcast.holdout"] == table.holdout(rows)
    assert tags["viewcast.looks"] == written([REPORT])
    assert tags["viewcast.batch_id"] == run.info.run_id
    assert tags["viewcast.block"] == "7"
    assert tags["viewcast.loss"] == "mae"
    assert tags["mlflow.user"]
    inputs = [
        entry.dataset
        for entry in recorded.inputs.dataset_inputs
        if [(tag.key, tag.value) for tag in entry.tags] == [("mlflow.data.context", "validation")]
    ]
    assert [dataset.digest for dataset in inputs] == [table.holdout(rows)]
    assert json.loads(inputs[0].profile)["num_rows"] == 35


def test_the_same_days_are_one_holdout_however_they_are_given(store: Store) -> None:
    as_text = predicted(1.0).assign(day=lambda rows: rows["day"].dt.strftime("%Y-%m-%d"))
    holdouts = set()
    for data, settings in (
        (predicted(1.0), SETTINGS),
        (as_text, SETTINGS),
        (predicted(2.0).set_index("day"), {"loss": "mse"}),
        (predicted(2.0).set_index("day"), {"time": "day"}),
    ):
        with store.run() as run:
            evaluate(data, **settings)
        holdouts.add(store.now(run).data.tags["viewcast.holdout"])
    assert len(holdouts) == 1


def test_without_keys_rows_are_known_by_their_position(store: Store) -> None:
    with store.run() as run:
        evaluate(predicted(1.0), loss="mse")
    rows = store.table(run)
    assert list(rows["row"]) == [str(place) for place in range(35)]
    np.testing.assert_allclose(rows["loss"], (days()["trend"] - days()["views"]) ** 2)


def test_series_that_follow_each_other_are_named_by_entity_and_day(store: Store) -> None:
    first = predicted(1.0).assign(channel="a")
    later = first.assign(channel="b", day=first["day"] + pd.Timedelta(days=len(first)))
    with store.run() as run:
        evaluate(pd.concat([first, later]), time="day", entity="channel")
    rows = store.table(run)
    assert list(rows["row"].iloc[[0, -1]]) == ["a 2024-02-01", "b 2024-04-10"]
    assert rows["row"].is_unique


def test_a_function_is_given_every_column(store: Store) -> None:
    def by_day(rows: pd.DataFrame) -> Any:
        return rows["day"].dt.day_of_week.to_numpy()

    with store.run() as run:
        evaluate(days(), by_day)
    np.testing.assert_array_equal(store.table(run)["prediction"], days()["day"].dt.day_of_week)


def test_of_a_table_of_answers_the_named_column_is_scored(store: Store) -> None:
    def quantiles(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"low": rows["trend"] - 1, "median": rows["trend"]})

    request = {"targets": "views", "model_type": "regressor", "evaluators": "viewcast"}
    with store.run() as run:
        mlflow.models.evaluate(quantiles, days(), predictions="median", **request)
    np.testing.assert_allclose(store.table(run)["prediction"], days()["trend"])
    with store.run(), pytest.raises(ConfigError, match="columns low, median; type predictions="):
        mlflow.models.evaluate(quantiles, days(), **request)


def test_it_works_beside_the_evaluator_of_mlflow(
    store: Store, regression: dict[bool, Path]
) -> None:
    with store.run() as run:
        result = mlflow.models.evaluate(
            str(regression[True]),
            days().set_index("day"),
            targets="views",
            model_type="regressor",
            evaluators=["default", "viewcast"],
            evaluator_config={"viewcast": {"loss": "mse"}, "default": NO_EXPLANATION},
        )
    assert result.metrics["val_loss"] == pytest.approx(result.metrics["mean_squared_error"])
    assert store.now(run).data.metrics["looks"] == 1


@pytest.mark.parametrize("settings", [None, NO_EXPLANATION])
def test_who_names_no_evaluator_records_no_look(
    store: Store, settings: dict[str, Any] | None
) -> None:
    with store.run() as run:
        mlflow.models.evaluate(
            data=predicted(1.0),
            targets="views",
            predictions="forecast",
            model_type="regressor",
            evaluator_config=settings,
        )
    assert "mean_squared_error" in store.now(run).data.metrics
    assert "viewcast.look" not in store.now(run).data.tags


def test_who_only_configures_it_records_a_look(store: Store) -> None:
    with store.run() as run:
        mlflow.models.evaluate(
            data=predicted(1.0),
            targets="views",
            predictions="forecast",
            model_type="regressor",
            evaluator_config={"viewcast": {"loss": "mae"}, "default": NO_EXPLANATION},
        )
    assert store.now(run).data.tags["viewcast.loss"] == "mae"


def test_settings_of_viewcast_alone_may_stand_under_its_name(store: Store) -> None:
    with store.run():
        nested = evaluate(predicted(1.0), viewcast={"loss": "mae", "row": "day"})
    with store.run():
        flat = evaluate(predicted(1.0), loss="mae", row="day")
    assert nested.metrics["val_loss"] == flat.metrics["val_loss"]


def test_a_function_gives_the_loss_of_each_row(store: Store) -> None:
    def too_low(target: Any, prediction: Any) -> Any:
        return np.maximum(target - prediction, 0)

    with store.run() as run:
        result = evaluate(predicted(1.0), loss=too_low)
    rows = predicted(1.0)
    expected = np.maximum(rows["views"] - rows["forecast"], 0).mean()
    assert result.metrics["val_loss"] == pytest.approx(expected)
    assert store.now(run).data.tags["viewcast.loss"] == "too_low"


def test_the_root_mean_squared_error_is_the_one_of_scikit_learn(store: Store) -> None:
    with store.run():
        result = evaluate(predicted(1.0), loss="rmse")
    rows = predicted(1.0)
    expected = root_mean_squared_error(rows["views"], rows["forecast"])
    assert result.metrics["val_loss"] == pytest.approx(expected)
    assert result.metrics["val_error"] > 0


def test_looks_are_counted_over_runs_and_repetitions_are_not(store: Store) -> None:
    counted = []
    for slope in (1.0, 2.0, 1.0, 3.0):
        with store.run():
            counted.append(evaluate(predicted(slope)).metrics["looks"])
    assert counted == [1, 2, 2, 3]
    with store.run():
        other_days = predicted(1.0).iloc[1:]
        assert evaluate(other_days).metrics["looks"] == 1


def test_evaluations_under_one_parent_are_one_batch(store: Store) -> None:
    with store.run() as parent:
        for slope in (1.0, 2.0):
            with store.run(nested=True) as child:
                evaluate(predicted(slope))
            assert store.now(child).data.tags["viewcast.batch_id"] == parent.info.run_id


def test_the_curve_of_a_training_is_not_mixed_with_the_figure_of_its_model(store: Store) -> None:
    with store.run() as run:
        for epoch in range(5):
            mlflow.log_metric("val_loss", 5.0 - epoch, step=epoch)
        for _ in range(2):
            result = evaluate(predicted(1.0))
    assert set(result.metrics) == {"model_val_loss", "model_val_error", "looks"}
    assert len(store.client.get_metric_history(run.info.run_id, "val_loss")) == 5
