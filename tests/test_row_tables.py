"""Row losses from the tables among a run's artifacts, in whatever form people log them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from support.logged_tables import choice, log, tables
from support.mlflow_store import Store
from viewcast.base.errors import DataError
from viewcast.tracking import artifacts as artifacts_of_runs
from viewcast.tracking.read import row_tables
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_table import Found

# MLflow, about calls of its own to pandas.
pytestmark = [
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
MSE = {"mean_squared_error": float(SQUARED.mean())}
TABLE = "eval_results_table.json"

KEYS = ["entity", "time", "row"]

Losses = Callable[..., pd.DataFrame | None]
Reading = Callable[..., Found]


@pytest.fixture
def found(others_store: Store, tmp_path: Path) -> Reading:
    """What a run with these artifacts (frames, or bytes), metrics, params and tags tells."""

    def of_run(
        artifacts: dict[str, Any],
        choice: MetricChoice | None = None,
        metrics: dict[str, float] | None = None,
        params: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> Found:
        with others_store.run() as run:
            mlflow.log_metrics(metrics or {})
            mlflow.log_params(params or {})
            mlflow.set_tags(tags or {})
            for artifact, content in artifacts.items():
                log(artifact, content, tmp_path / "made")
        return tables(others_store, tmp_path).of(others_store.now(run), choice)

    return of_run


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


LABELS = np.array([1, 0, 1, 1, 0])
CHANCES = np.array([0.9, 0.2, 0.4, 0.8, 0.6])
CLASSES = np.array(["cat", "dog", "emu", "dog", "cat"])
OF_CLASSES = np.array(
    [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.6, 0.1, 0.3]]
)
BY_CLASS = pd.DataFrame(OF_CLASSES, columns=["prob_cat", "prob_dog", "prob_emu"])


def as_json(table: pd.DataFrame, orient: Any) -> bytes:
    return table.to_json(orient=orient).encode()


RESIDUALS = pd.DataFrame({"y_true": TARGET, "y_pred": PREDICTION})


@pytest.mark.parametrize(
    ("artifact", "content"),
    [
        ("rows.parquet", RESIDUALS),
        ("rows.csv", RESIDUALS),
        ("rows.json", RESIDUALS),
        ("deep/rows.json", as_json(RESIDUALS, "records")),
        ("rows.json", as_json(RESIDUALS, "columns")),
        ("rows.json", b'{"y_true": [3, 1, 4, 1, 5], "y_pred": [2, 1.5, 4, 3, 5.5]}'),
        ("rows.tsv", RESIDUALS.to_csv(sep="\t", index=False).encode()),
        ("rows.csv", RESIDUALS.rename(columns={"y_true": "Label", "y_pred": "Prediction"})),
        ("rows.csv", RESIDUALS.rename(columns={"y_true": "yTrue", "y_pred": "yPred"})),
        ("rows.csv", RESIDUALS.rename(columns={"y_true": "actual", "y_pred": "y_hat"})),
    ],
)
def test_targets_and_predictions_serve_in_any_file_under_any_usual_name(
    found: Reading, artifact: str, content: Any
) -> None:
    rows = found({artifact: content}, choice("rmse", "val_rmse")).rows
    assert rows is not None
    assert rows.name == "val_rmse"
    assert rows.source == artifact
    assert rows.figure == pytest.approx(np.sqrt(SQUARED.mean()))
    assert rows.values.mean() == pytest.approx(rows.figure)


@pytest.mark.parametrize(
    ("measure", "table", "figure"),
    [
        ("accuracy", {"label": LABELS, "predicted_label": LABELS[::-1]}, 1 / 5),
        ("accuracy", {"label": LABELS, "proba": CHANCES}, 3 / 5),
        ("accuracy", {"label": CLASSES, "pred": CLASSES[[0, 1, 2, 3, 1]]}, 4 / 5),
        ("accuracy", {"label": CLASSES, **BY_CLASS}, 4 / 5),
        ("log_loss", {"label": CLASSES, **BY_CLASS[BY_CLASS.columns[::-1]]}, None),
        ("log_loss", {"label": [0, 1, 2, 1, 0], "prediction": list(OF_CLASSES)}, None),
        ("roc_auc", {"y_true": LABELS, "y_score": 10 * CHANCES - 3}, 5 / 6),
        ("roc_auc", {"y_true": LABELS, "y_pred": LABELS, "prob_0": 1 - CHANCES}, None),
    ],
)
def test_classes_serve_as_labels_and_as_probabilities_by_any_metric(
    found: Reading, measure: str, table: dict[str, Any], figure: float | None
) -> None:
    more = measure != "log_loss"
    rows = found({"rows.parquet": pd.DataFrame(table)}, choice(measure, "val", more)).rows
    assert rows is not None
    own = OF_CLASSES[range(5), [0, 1, 2, 1, 0]]
    expected = -np.log(own).mean() if measure == "log_loss" else figure
    assert rows.more_is_better is more
    assert rows.values.mean() == pytest.approx(-rows.figure if more else rows.figure)
    assert expected is None or rows.figure == pytest.approx(expected)


def test_the_figure_that_was_logged_decides_what_a_loss_of_no_name_is(found: Reading) -> None:
    logged = {"val_loss": float(ABSOLUTE.mean())}
    rows = found({"rows.csv": RESIDUALS}, choice(name="val_loss"), metrics=logged).rows
    assert rows is not None
    assert (rows.name, list(rows.values)) == ("val_loss", list(ABSOLUTE))
    other = found({"rows.csv": RESIDUALS}, choice(name="val_loss"), metrics={"val_loss": 0.123})
    assert other.rows is None
    assert "no metric known here gives the val_loss that was logged" in other.passed_over[0]


def test_the_loss_that_a_run_names_stands_in_for_a_loss_and_not_for_a_score(
    found: Reading,
) -> None:
    named = {"params": {"objective": "mse"}, "metrics": {"val_x": 0.123}}
    loss = found({"rows.csv": RESIDUALS}, choice(name="val_x"), **named)
    assert loss.rows is not None
    assert list(loss.rows.values) == list(SQUARED)
    assert "the rows are measured by mse, the loss that the run names" in loss.passed_over[0]
    assert found({"rows.csv": RESIDUALS}, choice(name="val_x", more=True), **named).rows is None


def test_scores_turned_by_a_search_stay_as_the_user_has_them(found: Reading) -> None:
    name = "neg_mean_squared_error"
    logged = {name: -float(SQUARED.mean())}
    rows = found({"rows.csv": RESIDUALS}, choice("mse", name, more=True), metrics=logged).rows
    assert rows is not None
    assert rows.figure == pytest.approx(logged[name])
    assert list(rows.values) == list(SQUARED)


def test_rows_that_do_not_give_the_logged_figure_are_taken_and_it_is_told(found: Reading) -> None:
    told = found({"rows.csv": RESIDUALS}, choice("rmse", "val_rmse"), metrics={"val_rmse": 2.0})
    assert told.rows is not None
    assert told.passed_over == (
        "rows.csv: its rows give another val_rmse than was logged, by more than 1 %",
    )


def test_of_several_tables_the_one_that_gives_the_logged_figure_is_taken(found: Reading) -> None:
    logged_tables = {"a.csv": RESIDUALS.assign(y_true=0.0), "b.csv": RESIDUALS, "c.csv": BY_CLASS}
    logged = {"val_rmse": float(np.sqrt(SQUARED.mean()))}
    rows = found(logged_tables, choice("rmse", "val_rmse"), metrics=logged).rows
    assert rows is not None
    assert rows.source == "b.csv"


@pytest.mark.parametrize(
    ("artifacts", "reason"),
    [
        ({"train_rows.csv": RESIDUALS}, "train_rows.csv: is named after other rows (train)"),
        ({"test_rows.csv": RESIDUALS}, "test_rows.csv: is named after other rows (test)"),
        ({"rows.json": b"{"}, "rows.json: is no JSON"),
        (
            {"history.csv": pd.DataFrame({"epoch": [1], "loss": [2.0]})},
            "history.csv: is a curve, it counts in epoch",
        ),
        (
            {"rows.csv": RESIDUALS.assign(split="train")},
            "rows.csv: has no validation row, its rows are train",
        ),
        (
            {"rows.csv": pd.DataFrame({"y_true": LABELS, "y_pred": LABELS})},
            "rows.csv: val_auc needs probabilities or scores, and it holds labels alone; "
            "log the output of predict_proba",
        ),
        (
            {"rows.csv": pd.DataFrame({"loss": ABSOLUTE})},
            "rows.csv: it holds losses, and val_auc is a score; log targets and predictions as "
            "well",
        ),
    ],
)
def test_what_is_passed_over_is_told_with_the_reason(
    found: Reading, artifacts: dict[str, Any], reason: str
) -> None:
    told = found(artifacts, choice("roc_auc", "val_auc", more=True))
    assert told.rows is None
    assert told.passed_over == (reason,)


def test_a_metric_of_test_rows_is_read_from_the_table_of_test_rows(found: Reading) -> None:
    rows = found({"test_rows.csv": RESIDUALS}, choice("rmse", "test_rmse")).rows
    assert rows is not None
    assert rows.source == "test_rows.csv"


def test_files_that_are_no_tables_of_rows_are_no_matter(found: Reading) -> None:
    others = {
        "summary.json": b'{"accuracy": 0.9, "classes": ["a", "b"], "y_true": null}',
        "list.json": b"[1, 2]",
        "importance.json": b'{"age": 1.5}',
        "per_class_metrics.csv": pd.DataFrame({"positive_class": [0], "f1_score": [0.5]}),
        "model/MLmodel": b"flavors: {}",
        "model/input_example.json": as_json(RESIDUALS, "split"),
    }
    told = found(others, choice("rmse"))
    assert (told.rows, told.passed_over) == (None, ())


def test_numbers_that_repeat_are_no_time(losses: Losses) -> None:
    table = pd.DataFrame({"day": [1, 2, 1, 2, 1], "loss": ABSOLUTE})
    found = losses({"losses.csv": table})
    assert values(found) == list(ABSOLUTE)
    assert found is not None
    assert list(found["row"]) == list("01234")


def test_text_and_binary_tables_of_the_same_rows_agree(found: Reading) -> None:
    target = TARGET / 3
    table = pd.DataFrame({"day": DAYS, "target": target, "prediction": PREDICTION})
    identities = {
        rows.identity
        for name in ("rows.parquet", "rows.csv", "rows.json")
        if (rows := found({name: table}, choice("mae")).rows) is not None
    }
    assert len(identities) == 1
