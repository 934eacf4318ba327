"""viewcast.log_rows: what one line leaves in a run, and what an audit makes of it."""

import json
import os
import subprocess
import sys
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

import viewcast
from support.log_rows import CHANCES, CLASSES, NUMBERS, OF_THREE, RNG, THREE, N
from support.mlflow_store import Store
from viewcast.base.errors import DataError
from viewcast.data.row_keys import keys_of
from viewcast.holdout.looks import parsed
from viewcast.integrations.logits import probabilities
from viewcast.tracking.read.gather import gather
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.write.row_scores import row_scores, usual_metric

LOAD = """
import os, sys, viewcast
viewcast.log_rows
print(os.environ["MLFLOW_RUN_ID"], *sys.modules)
"""


@pytest.fixture
def store(others_store: Store) -> Store:
    return others_store


def logged(store: Store, *rows: Any, **settings: Any) -> tuple[Any, pd.DataFrame]:
    """The run as it is stored after one call, and its table."""
    with store.run() as run:
        assert viewcast.log_rows(*rows, **settings) == run.info.run_id
    return store.now(run), store.table(run)


def test_a_run_keeps_its_rows_a_dataset_input_and_a_look(store: Store) -> None:
    run, table = logged(store, NUMBERS, NUMBERS + 1)
    assert list(table) == ["entity", "time", "row", "split", "target", "prediction", "loss"]
    np.testing.assert_allclose(table["loss"], 1)
    assert list(table["row"]) == [str(place) for place in range(N)]
    (used,) = run.inputs.dataset_inputs
    assert used.dataset.digest == run.data.tags["viewcast.holdout"]
    assert json.loads(used.dataset.profile)["num_rows"] == N
    assert [tag.value for tag in used.tags] == ["validation"]
    assert run.data.tags["viewcast.loss"] == "mse"
    assert run.data.metrics == {}


def test_the_settings_of_mlflow_are_left_as_they_are() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD], capture_output=True, text=True, check=True,
        env={**os.environ, "MLFLOW_RUN_ID": "mine"},
    )  # fmt: skip
    run, *loaded = done.stdout.split()
    assert run == "mine"
    assert "mlflow" in loaded
    assert not {"viewcast.tracking.store", "torch", "hydra", "matplotlib", "arch"} & set(loaded)


def test_an_audit_reads_what_was_logged(store: Store) -> None:
    for shift in (0.5, 0.1, 1.0):
        logged(store, NUMBERS, NUMBERS + shift)
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    shown = sorted(scored.shown for scored in study.runs if scored.shown is not None)
    np.testing.assert_allclose(shown, [0.01, 0.25, 1.0])
    assert all(scored.rows is not None for scored in study.runs)


def test_a_score_is_stored_as_its_negative_and_known_as_a_score(store: Store) -> None:
    run, table = logged(store, CLASSES, CHANCES, metric="roc_auc")
    assert -table["loss"].mean() == pytest.approx(roc_auc_score(CLASSES, CHANCES))
    assert run.data.tags["viewcast.more_is_better"] == "true"
    assert run.data.tags["viewcast.bound"] == "false"  # 20 rows of the rarer class
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    (scored,) = study.runs
    assert scored.facts.more_is_better
    assert not scored.facts.bound


def test_the_audit_says_what_it_understood_of_logged_rows(store: Store) -> None:
    logged(store, CLASSES, CHANCES)
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    assert study.understood is not None
    assert (study.understood.metric, study.understood.rows) == ("log_loss", N)
    assert study.understood.rows_from == "row tables (predictions.parquet)"


@pytest.mark.parametrize("rows", [(CLASSES, CHANCES), (THREE, OF_THREE)])
def test_logged_rows_can_be_judged_by_another_metric(store: Store, rows: Any) -> None:
    logged(store, *rows)
    (study,) = gather(mlflow.get_tracking_uri(), "others", ReadSettings(metric="accuracy")).studies
    (scored,) = study.runs
    guess = rows[1].argmax(axis=1) if rows[1].ndim == 2 else rows[1] > 0.5
    assert scored.facts.loss == "accuracy"
    assert scored.rows is not None
    assert -scored.rows.final.mean() == pytest.approx(np.mean(guess == rows[0]))


def test_probabilities_of_classes_are_kept_by_class(store: Store) -> None:
    run, table = logged(store, THREE, OF_THREE)
    assert run.data.tags["viewcast.loss"] == "log_loss"
    chances = table[["probability_0", "probability_1", "probability_2"]].to_numpy()
    np.testing.assert_array_equal(chances, OF_THREE)
    assert table["loss"].mean() == pytest.approx(log_loss(THREE, OF_THREE))


def test_classes_may_be_columns_of_0_and_1(store: Store) -> None:
    run, _ = logged(store, THREE, OF_THREE)
    columns, _ = logged(store, np.eye(3)[THREE], OF_THREE)
    assert columns.data.tags["viewcast.look"] == run.data.tags["viewcast.look"]


def test_logits_become_probabilities_and_the_rest_stays() -> None:
    logits = RNG.normal(size=(N, 3)) * 50
    expected = torch.softmax(torch.tensor(logits), 1)
    np.testing.assert_allclose(probabilities(torch.tensor(logits), THREE), expected, atol=1e-12)
    np.testing.assert_array_equal(probabilities(OF_THREE, THREE), OF_THREE)
    binary = probabilities(logits[:, :1], CLASSES)
    np.testing.assert_allclose(binary, torch.sigmoid(torch.tensor(logits[:, 0])), atol=1e-12)
    np.testing.assert_array_equal(probabilities(CHANCES, CLASSES), CHANCES)
    np.testing.assert_array_equal(probabilities(NUMBERS[:, np.newaxis], NUMBERS), NUMBERS)


def test_labels_may_be_text(store: Store) -> None:
    names = np.array(["cat", "dog", "owl"])[THREE]
    run, table = logged(store, names, np.roll(names, 1))
    assert run.data.tags["viewcast.loss"] == "zero_one"
    assert list(table["target"]) == list(names)
    of_classes, chances = logged(store, names, OF_THREE)
    assert of_classes.data.tags["viewcast.holdout"] == run.data.tags["viewcast.holdout"]
    assert {"probability_cat", "probability_dog", "probability_owl"} <= set(chances)


def test_rows_are_one_holdout_however_they_are_given(store: Store) -> None:
    target = np.round(NUMBERS, 3)
    forms = (target, list(target), pd.Series(target), torch.tensor(target, dtype=torch.float32))
    holdouts = {
        logged(store, rows, NUMBERS, metric="mae")[0].data.tags["viewcast.holdout"]
        for rows in forms
    }
    assert len(holdouts) == 1
    other = logged(store, target + 1, NUMBERS)[0].data.tags["viewcast.holdout"]
    assert other not in holdouts  # as many rows, other targets


def test_shuffled_rows_with_their_index_are_the_same_rows(store: Store) -> None:
    rows = pd.Series(NUMBERS, index=range(100, 100 + N))
    shuffled = rows.sample(frac=1, random_state=1)
    first, table = logged(store, rows, rows + 1)
    again, other = logged(store, shuffled, shuffled + 1)
    assert again.data.tags["viewcast.look"] == first.data.tags["viewcast.look"]
    pd.testing.assert_frame_equal(table, other)
    assert list(table["row"]) == [str(row) for row in rows.index]


def test_shuffled_rows_with_names_are_compared_row_by_row(store: Store) -> None:
    order = RNG.permutation(N)
    names = np.array([f"user {place}" for place in range(N)])
    logged(store, NUMBERS, NUMBERS + 1, names)
    logged(store, NUMBERS[order], NUMBERS[order] * 2, names[order])
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    first, second = (scored.rows.final for scored in study.runs if scored.rows is not None)
    by_loss = {float(loss.mean()): loss for loss in (first, second)}
    np.testing.assert_allclose(by_loss[min(by_loss, key=lambda mean: abs(mean - 1))], 1)
    assert all(scored.excluded is None for scored in study.runs)


def test_days_as_keys_put_rows_in_order_of_time(store: Store) -> None:
    days = pd.date_range("2024-01-01", periods=N)[::-1]
    run, table = logged(store, NUMBERS, NUMBERS, days)
    assert list(table["time"]) == sorted(table["time"])
    np.testing.assert_array_equal(table["target"], NUMBERS[::-1])
    framed, _ = logged(store, NUMBERS, NUMBERS, pd.DataFrame({"time": days}))
    assert framed.data.tags["viewcast.holdout"] == run.data.tags["viewcast.holdout"]


EACH_TWICE = {"time": np.repeat(pd.date_range("2024-01-01", periods=N // 2), 2)}


def test_most_rows_at_a_time_of_others_without_a_series_are_refused_in_words(store: Store) -> None:
    told = r"40 of 40 share their time .* \(at 2024-01-01 there are 2\).*entity.*cluster=\"time\""
    with store.run() as run, pytest.raises(DataError, match=told):
        viewcast.log_rows(NUMBERS, NUMBERS, pd.DataFrame(EACH_TWICE))
    assert store.artifacts(run) == set()


@pytest.mark.parametrize(
    ("keys", "settings"),
    [
        (EACH_TWICE, {"cluster": "time"}),
        ({**EACH_TWICE, "entity": np.arange(N)}, {}),
        ({"time": pd.date_range("2024-01-01", periods=N).where(np.arange(N) > 5, None)}, {}),
        ({"time": np.arange(N) // 2}, {}),
    ],
    ids=["alike by time", "of series", "few", "numbers"],
)
def test_rows_that_may_share_their_times_are_taken(store: Store, keys: Any, settings: Any) -> None:
    frame = pd.DataFrame(keys)
    frame["time"] = frame["time"].bfill()
    _, table = logged(store, NUMBERS, NUMBERS, frame, **settings)
    assert table["time"].duplicated().any()


def test_a_function_gives_the_loss_of_each_row(store: Store) -> None:
    def pinball(target: Any, prediction: Any) -> Any:
        return np.maximum(0.9 * (target - prediction), 0.1 * (prediction - target))

    run, table = logged(store, NUMBERS, NUMBERS + 1, metric=pinball)
    assert run.data.tags["viewcast.loss"] == "pinball"
    np.testing.assert_allclose(table["loss"], 0.1)
    with store.run(), pytest.raises(DataError, match=r"expected one number for each of 40 rows"):
        viewcast.log_rows(NUMBERS, NUMBERS, metric=lambda y, p: float(np.mean(y - p)))


def test_states_of_one_model_are_looks_and_the_last_is_kept(store: Store) -> None:
    with store.run() as run:
        for shift in (3.0, 2.0, 1.0, 1.0):
            viewcast.log_rows(NUMBERS, NUMBERS + shift)
    now = store.now(run)
    (use,) = parsed(now.data.tags["viewcast.looks"], run.info.run_id)
    assert (use.purpose, use.scores) == ("early_stop", 3)  # the same scores again are no new look
    np.testing.assert_allclose(store.table(run)["loss"], 1)
    epochs, _ = logged(store, NUMBERS, NUMBERS, looks=120)
    (use,) = parsed(epochs.data.tags["viewcast.looks"], "")
    assert use.scores == 120


@pytest.mark.parametrize(("sampler", "rounds"), [("RandomSampler", 1), (None, 3)])
def test_runs_of_one_parent_are_rounds_unless_nothing_looked(
    store: Store, sampler: str | None, rounds: int
) -> None:
    with store.run():
        mlflow.set_tags({"sampler": sampler} if sampler else {})
        for rate in (0.3, 0.1, 0.17):
            with store.run(nested=True):
                mlflow.log_param("rate", rate)
                viewcast.log_rows(NUMBERS, NUMBERS + rate)
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    assert len({look.batch_id for look in study.looks}) == rounds


def test_training_and_test_rows_are_stored_and_are_no_look(store: Store) -> None:
    with store.run() as run:
        viewcast.log_rows(NUMBERS, NUMBERS, split="training")
        viewcast.log_rows(NUMBERS, NUMBERS, split="test")
    assert store.artifacts(run) == {"training_predictions.parquet", "test_predictions.parquet"}
    assert "viewcast.look" not in store.now(run).data.tags


def test_the_run_that_autologging_has_just_ended_is_meant(store: Store) -> None:
    with store.run() as run:
        pass
    assert viewcast.log_rows(NUMBERS, NUMBERS) == run.info.run_id
    assert store.now(run).info.status == "FINISHED"


@pytest.mark.parametrize(
    ("target", "prediction", "metric"),
    [
        (NUMBERS, NUMBERS, "mse"),
        (CLASSES, CHANCES, "log_loss"),
        (CLASSES, CLASSES, "zero_one"),
        (THREE, THREE, "zero_one"),
        (THREE, OF_THREE, "log_loss"),
        (CLASSES > 0, CHANCES, "log_loss"),
        (np.arange(N), np.arange(N), "mse"),
        (THREE, NUMBERS, "mse"),
    ],
)
def test_the_usual_metric_follows_from_the_rows(target: Any, prediction: Any, metric: str) -> None:
    assert usual_metric(target, prediction) == metric


@given(st.permutations(range(12)), st.sampled_from(["rmse", "r2", "mae", "smape"]))
def test_the_order_in_which_rows_are_given_changes_nothing(order: list[int], metric: str) -> None:
    target, found = NUMBERS[:12], NUMBERS[12:24]
    key = [f"r{place:02d}" for place in range(12)]
    frame = pd.DataFrame({"row": key, "time": range(12)})
    plain = row_scores(keys_of(frame, "row", "time"), target, found, metric, "validation", 1)
    turned = row_scores(
        keys_of(frame.iloc[order].reset_index(drop=True), "row", "time"),
        target[order],
        found[order],
        metric,
        "validation",
        1,
    )
    pd.testing.assert_frame_equal(plain.table, turned.table)
