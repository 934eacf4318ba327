"""The evaluator plug-in, as people call it: through mlflow.models.evaluate."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.data.evaluation_dataset import EvaluationDataset
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    brier_score_loss,
    log_loss,
    roc_auc_score,
    root_mean_squared_error,
)

from support.mlflow_store import Store
from viewcast.base.errors import ConfigError, DataError
from viewcast.data import table
from viewcast.holdout.looks import REPORT, written
from viewcast.scoring.scores import score
from viewcast.tracking.write.evaluator import Evaluator

# MLflow, about calls of its own to pandas, and about how it imports XGBoost.
pytestmark = [
    pytest.mark.xdist_group("evaluator"),  # what is costly is made once for all
    pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0 all arguments of all"),
    pytest.mark.filterwarnings("ignore:_ImportHookChainedLoader:ImportWarning"),
    pytest.mark.filterwarnings("ignore:the load_module.. method is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop is deprecated"),
]

SETTINGS = {"loss": "mae", "row": "day", "block": 7}
LOAD = "import mlflow.models; print(mlflow.models.list_evaluators(), *__import__('sys').modules)"


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Iterator[Store]:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    with Store.at(tmp_path / "mlflow.db") as opened:
        yield opened


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


def test_several_series_at_the_same_days_are_refused_before_anything_is_written(
    store: Store,
) -> None:
    both = pd.concat([predicted(1.0).assign(channel=name) for name in ("a", "b")])
    with store.run() as run, pytest.raises(Exception, match="2 entities share 35 of 35 times"):
        evaluate(both, time="day", entity="channel")
    assert store.client.list_artifacts(run.info.run_id) == []
    assert store.client.get_run(run.info.run_id).data.metrics == {}


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


NO_EXPLANATION = {"log_model_explainability": False}


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


def patients(count: int = 60) -> pd.DataFrame:
    """Rows of two classes by their names, with a feature that tells something of them."""
    rng = np.random.default_rng(5)
    ill = rng.random(count) < 0.4
    marker = ill + rng.normal(size=count)
    return pd.DataFrame({"marker": marker, "state": np.where(ill, "ill", "well")})


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = patients()
    model = LogisticRegression().fit(rows[["marker"]], rows["state"])
    signature = infer_signature(rows[["marker"]], model.predict(rows[["marker"]]))
    folder = tmp_path_factory.mktemp("models") / "classifier"
    mlflow.sklearn.save_model(model, folder, signature=signature, pip_requirements=[])
    return folder


def evaluate_classes(model: Any, data: Any, **request: Any) -> mlflow.models.EvaluationResult:
    return mlflow.models.evaluate(model, data, targets="state", model_type="classifier", **request)


@pytest.mark.parametrize(
    ("loss", "name", "known"),
    [
        (None, "val_loss", log_loss),
        ("brier", "val_loss", lambda y, p: brier_score_loss(y, p[:, 1], pos_label="well")),
        ("roc_auc", "val_roc_auc", lambda y, p: roc_auc_score(y, p[:, 1])),
        ("zero_one", "val_loss", lambda y, p: np.mean((p[:, 1] > 0.5) != (y == "well"))),
    ],
)
def test_a_classifier_is_scored_by_its_probabilities(
    store: Store, classifier: Path, loss: str | None, name: str, known: Any
) -> None:
    config = {} if loss is None else {"loss": loss}
    with store.run() as run:
        result = evaluate_classes(
            str(classifier), patients(), evaluators="viewcast", evaluator_config=config
        )
    chances = mlflow.sklearn.load_model(str(classifier)).predict_proba(patients()[["marker"]])
    expected = known(patients()["state"], chances)
    assert result.metrics[name] == pytest.approx(expected)
    assert abs(store.table(run)["loss"].mean()) == pytest.approx(expected)
    assert store.now(run).data.tags["viewcast.loss"] == (loss or "log_loss")


def test_labels_alone_are_scored_by_how_many_are_wrong(store: Store) -> None:
    rows = patients().assign(guess=lambda rows: np.where(rows["marker"] > 0.5, "ill", "well"))
    with store.run():
        result = evaluate_classes(None, rows, predictions="guess", evaluators="viewcast")
    assert result.metrics["val_loss"] == np.mean(rows["guess"] != rows["state"])


def test_a_classifier_is_evaluated_beside_the_evaluator_of_mlflow(
    store: Store, classifier: Path
) -> None:
    with store.run() as run:
        result = evaluate_classes(
            str(classifier),
            patients(),
            evaluators=["default", "viewcast"],
            evaluator_config={"default": {**NO_EXPLANATION, "log_plots": False}},
        )
    assert result.metrics["val_loss"] == pytest.approx(result.metrics["log_loss"])
    assert store.now(run).data.metrics["looks"] == 1


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


def test_a_model_that_viewcast_cannot_evaluate_is_refused_in_words(store: Store) -> None:
    answers = pd.DataFrame({"question": ["a"], "answer": ["b"], "forecast": ["b"]})
    with (
        store.run() as run,
        pytest.raises(ConfigError, match=r"model_type = 'text'.*allowed: regr"),
    ):
        mlflow.models.evaluate(
            data=answers,
            targets="answer",
            predictions="forecast",
            model_type="text",
            evaluators="viewcast",
        )
    assert store.artifacts(run) == set()


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


def test_a_second_model_in_the_same_run_is_refused_and_the_first_is_kept(store: Store) -> None:
    with store.run() as run:
        first = evaluate(predicted(1.0))
        again = evaluate(predicted(1.0))
        assert again.metrics == first.metrics
        with pytest.raises(DataError, match="of another model, or of other rows"):
            evaluate(predicted(2.0))
    assert store.table(run)["loss"].mean() == pytest.approx(first.metrics["val_loss"])


def test_a_table_that_somebody_else_stored_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    own = tmp_path / "predictions.parquet"
    pd.DataFrame({"mine": [1]}).to_parquet(own)
    with store.run() as run:
        mlflow.log_artifact(str(own))
        with pytest.raises(DataError, match=r"has an artifact predictions\.parquet already"):
            evaluate(predicted(1.0))
    assert list(store.table(run)) == ["mine"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"los": "mae", "block": 7}, "unknown key evaluator_config.los; allowed: .*loss, .*row"),
        ({"los": "mae"}, "unknown key evaluator_config.los; allowed: .*loss, .*row"),
        ({"loss": "rmsee"}, "evaluator_config.loss = rmsee: unknown; allowed: .*mae, .*mse"),
        ({"block": 0}, "evaluator_config.block = 0: .*greater than or equal to 1"),
        ({"row": "date"}, "evaluator_config.row = date: no column .*; allowed: trend, weekday"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(
    store: Store, settings: dict[str, Any], message: str
) -> None:
    with store.run() as run, pytest.raises(ConfigError, match=message):
        evaluate(predicted(1.0), **settings)
    assert store.artifacts(run) == set()
    assert not any(key.startswith("viewcast") for key in store.now(run).data.tags)


HOLE = pd.Series([np.nan, np.inf], index=[3, 5])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            predicted(1.0).assign(views=lambda rows: HOLE.combine_first(rows["views"])),
            "target: not finite in 1 of 35 rows, the first is '2024-02-06'",
        ),
        (
            predicted(1.0).assign(forecast=HOLE),
            "prediction: not finite in 35 of 35 rows, the first is '2024-02-01'",
        ),
        (predicted(1.0).assign(forecast="many"), "predictions such as 'many', expected numbers"),
        (
            pd.concat([predicted(1.0), predicted(1.0).head(2)]),
            "column 'day': '2024-02-01' occurs twice, 2 of 37 rows repeat another",
        ),
        (predicted(1.0).assign(day=pd.NaT), "column 'day': missing in 35 of 35 rows"),
        (predicted(1.0).head(0), "the data have no rows"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(
    store: Store, data: pd.DataFrame, message: str
) -> None:
    with store.run() as run, pytest.raises(DataError, match=message):
        evaluate(data)
    assert store.artifacts(run) == set()


def test_times_that_repeat_ask_for_a_key(store: Store) -> None:
    twice = pd.concat([predicted(1.0), predicted(2.0)])
    with store.run(), pytest.raises(DataError, match=r"'2024-02-01' occurs twice; name the column"):
        evaluate(twice, time="day")


def test_a_missing_target_or_prediction_is_refused() -> None:
    request: dict[str, Any] = {"model_type": "regressor", "run_id": "x", "evaluator_config": {}}
    with pytest.raises(DataError, match="the data have no target; type targets="):
        Evaluator().evaluate(dataset=EvaluationDataset(days()), **request)
    with pytest.raises(DataError, match="neither model nor predictions; type predictions="):
        Evaluator().evaluate(dataset=EvaluationDataset(days(), targets="views"), **request)


def test_an_answer_of_another_length_is_refused(store: Store) -> None:
    with (
        store.run(),
        pytest.raises(DataError, match=r"prediction: shape \(34,\); expected \(35,\)"),
    ):
        evaluate(days(), lambda rows: rows["trend"].to_numpy()[1:])
