"""Row tables measured by the metric that is asked for, and held against the logged figure."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.five_rows import (
    ABSOLUTE,
    DAYS,
    OLD_CALLS,
    PREDICTION,
    SQUARED,
    TARGET,
    Reading,
    reading,
)
from support.logged_tables import choice
from support.mlflow_store import Store

pytestmark = OLD_CALLS


@pytest.fixture
def found(others_store: Store, tmp_path: Path) -> Reading:
    return reading(others_store, tmp_path)


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


def test_text_and_binary_tables_of_the_same_rows_agree(found: Reading) -> None:
    target = TARGET / 3
    table = pd.DataFrame({"day": DAYS, "target": target, "prediction": PREDICTION})
    identities = {
        rows.identity
        for name in ("rows.parquet", "rows.csv", "rows.json")
        if (rows := found({name: table}, choice("mae")).rows) is not None
    }
    assert len(identities) == 1
