"""What an audit gathers of a store: runs with their rows, epochs, candidates and holdouts."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.gathered import gathered, named, only
from support.simulated_store import HOLDOUT, SimulatedStore, days
from viewcast.base.errors import ConfigError
from viewcast.tracking.read.gather import gather

RNG = np.random.default_rng(0)


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def test_a_run_is_gathered_with_its_rows_facts_and_losses(store: SimulatedStore) -> None:
    losses = RNG.random(30)
    params = {
        "trainer.name": "gradient_descent",
        "trainer.restore_best": "last",
        "model.layers": "2",
    }
    run_id = store.run("one", losses, params=params, metrics={"val_loss_true": 0.5})
    study = only(store)
    run = named(study, "one")
    assert study.holdout == HOLDOUT
    assert study.keys is not None
    assert study.keys["row"].tolist() == days(30)["row"].tolist()
    assert run.rows is not None
    np.testing.assert_array_equal(run.rows.final, losses)
    assert run.shown == pytest.approx(losses.mean())
    assert (run.run_id, run.train_loss, run.truth) == (run_id, 0.1, (0.5, 0.0))
    facts = run.facts
    assert (facts.data, facts.unit, facts.loss, facts.split) == ("channel", "views", "mae", "year")
    assert (facts.in_epochs, facts.kind, facts.trainer) == (True, "network", "gradient_descent")
    assert run.excluded is None


def test_feature_sets_of_two_names_are_known_to_be_the_same(store: SimulatedStore) -> None:
    for name in ("linear", "deep", "wide"):
        run_id = store.run(name, RNG.random(20), params={"model.features": name})
        sets = "{linear: [pages], deep: [pages], wide: [pages, words]}"
        (store.folder(run_id) / "config.yaml").write_text(f"data: {{features: {sets}}}")
    line, network, wide = (named(only(store), name) for name in ("linear", "deep", "wide"))
    assert line.facts.features == network.facts.features != wide.facts.features


def test_training_rows_of_the_predictions_are_no_validation_rows(store: SimulatedStore) -> None:
    run_id = store.run("one", RNG.random(5))
    frame = days(9).assign(split=["train"] * 4 + ["validation"] * 5, loss=np.arange(9.0))
    store.table(run_id, frame)
    run = named(only(store), "one")
    assert run.rows is not None
    assert run.rows.final.tolist() == [4, 5, 6, 7, 8]


def test_the_evaluated_epochs_come_with_the_run(store: SimulatedStore) -> None:
    states = RNG.random((6, 20))
    curve = pd.DataFrame({"epoch": range(1, 7), "train_loss": 1.0, "val_loss": states.mean(axis=1)})
    store.run("one", states[3], states=states, curve=curve, params={"trainer.restore_best": "best"})
    run = named(only(store), "one")
    assert run.rows is not None
    assert run.rows.states is not None
    np.testing.assert_allclose(run.rows.states, states, rtol=1e-6)
    assert run.rows.epochs is not None
    assert run.rows.epochs.tolist() == [1, 2, 3, 4, 5, 6]
    assert run.curve is not None
    assert len(run.curve) == 6
    assert run.look.scores == 6


def test_cells_and_rows_give_one_mean(store: SimulatedStore) -> None:
    losses = RNG.random(1025)  # cells of 3 rows, the last of 2
    cells = np.add.reduceat(losses, np.arange(0, 1025, 3)) / np.r_[np.full(341, 3), 2]
    store.run("one", losses, states=[cells, cells])
    run = named(only(store), "one")
    assert run.rows is not None
    columns, sizes = run.rows.columns(run.rows.cell)
    assert columns.shape == (3, 342)
    assert sizes.sum() == 1025
    np.testing.assert_allclose(columns @ sizes / 1025, losses.mean(), rtol=1e-6)


def test_candidates_of_a_sweep_take_their_losses_from_the_parent(store: SimulatedStore) -> None:
    keys = days(25)
    predictions = RNG.random((3, 25))
    hidden = RNG.random((3, 8))
    parent, *_ = store.sweep(
        predictions, keys, hidden_losses=hidden, hidden_keys=days(8, "2022-01-01")
    )
    study = only(store)
    assert [run.facts.name for run in study.runs] == ["search-0000", "search-0001", "search-0002"]
    target = keys["target"].to_numpy()
    for i, run in enumerate(study.runs):
        assert run.rows is not None
        assert run.hidden_holdout is not None
        np.testing.assert_allclose(run.rows.final, abs(predictions[i] - target), rtol=1e-5)
        np.testing.assert_allclose(run.hidden_holdout.final, hidden[i], rtol=1e-5)
        assert (run.facts.loss, run.facts.unit) == ("mae", "views")
    choice = [look for look in study.looks if look.run_id == parent]
    assert [(use.purpose, use.among) for use in choice[0].uses] == [("select", 3)]
    assert sum(look.scores for look in study.looks) == 3


def test_trajectories_of_a_sweep_are_separated_by_candidate(store: SimulatedStore) -> None:
    keys, states = days(6), RNG.random((5, 6)).astype(np.float32)
    trajectories = pd.DataFrame(
        {"candidate": [1, 0, 1, 0, 1], "epoch": np.arange(5, dtype=np.int32),
         "losses": pd.Series(list(states), dtype="object")}
    )  # fmt: skip
    store.sweep(RNG.random((2, 6)), keys, trajectories=trajectories)
    first, second = only(store).runs
    assert first.rows is not None
    assert second.rows is not None
    assert first.rows.states is not None
    assert second.rows.states is not None
    np.testing.assert_array_equal(first.rows.states, states[[1, 3]])
    np.testing.assert_array_equal(second.rows.states, states[[0, 2, 4]])


def test_rows_in_another_order_are_put_in_order(store: SimulatedStore) -> None:
    keys, losses = days(20), RNG.random(20)
    order = RNG.permutation(20)
    store.run("one", losses, keys=keys)
    store.run("two", losses, keys=keys)
    store.run("mixed", losses[order], keys=keys.iloc[order].reset_index(drop=True))
    found = named(only(store), "mixed")
    assert found.excluded is None
    assert found.rows is not None
    np.testing.assert_array_equal(found.rows.final, losses)


def test_older_runs_are_known_by_the_names_of_their_rows(store: SimulatedStore) -> None:
    keys = days(20)
    store.run("old", RNG.random(20), keys=keys[["row", "target"]])
    store.run("older", RNG.random(20), keys=keys[["row", "target"]])
    store.run("new", RNG.random(20), keys=keys)
    study = only(store)
    assert len(study.compared) == 3
    assert study.keys is not None
    assert study.keys["time"].iloc[0] == "2021-01-01"


def test_runs_on_other_holdouts_are_other_studies(store: SimulatedStore) -> None:
    store.run("one", RNG.random(20))
    store.run("two", RNG.random(30), holdout="ffff")
    assert {study.holdout: len(study.runs) for study in gathered(store)} == {HOLDOUT: 1, "ffff": 1}
    (asked,) = gathered(store, holdout="ff")
    assert asked.holdout == "ffff"
    with pytest.raises(
        ConfigError, match=rf"holdout = abc: unknown; this experiment has {HOLDOUT}, ffff"
    ):
        gathered(store, holdout="abc")


def test_a_repetition_is_no_other_run(store: SimulatedStore) -> None:
    losses = RNG.random(20)
    first = store.run("one", losses, key="same")
    second = store.run("one", losses, key="same")
    study = only(store)
    assert len(study.runs) == 1
    assert {**study.repeats} == {second: first}


def test_one_figure_of_each_run_is_gathered_where_there_is_no_more(store: SimulatedStore) -> None:
    for i, value in enumerate([0.5, 0.4, math.nan]):
        store.bare(f"run-{i}", metrics={"val_rmse": value, "accuracy": 0.9})
    store.bare("untouched", metrics={"lr": 0.1})
    study = only(store)
    assert study.holdout == "unknown"
    assert "it is assumed that they share them" in study.assumed[0]
    assert study.scalar
    assert [run.shown for run in study.runs] == [0.5, 0.4, None]
    assert [run.excluded for run in study.runs] == [
        None,
        None,
        "it diverged: its val_rmse is no finite number",
    ]


def test_the_metric_may_be_named(store: SimulatedStore) -> None:
    store.bare("one", metrics={"val_loss": 0.5, "wape": 0.2})
    store.bare("two", metrics={"val_loss": 0.6})
    assert [run.shown for run in gathered(store, metric="wape")[0].runs] == [0.2]
    with pytest.raises(ConfigError, match=r"metric = mape: no run .* allowed: val_loss, wape"):
        gathered(store, metric="mape")


def test_others_rows_are_known_by_their_dataset_or_by_their_keys(store: SimulatedStore) -> None:
    shared = [store.bare(f"by-input-{i}", metrics={"val_loss": 0.5 + i}) for i in range(2)]
    for run_id in shared:
        store.rows_input(run_id, "cafe")
    for i in range(2):
        run_id = store.bare(f"by-key-{i}")
        frame = pd.DataFrame({"day": days(12)["time"], "loss": RNG.random(12)})
        store.table(run_id, frame.sample(frac=1, random_state=i), "row_losses.parquet")
    by_holdout = {study.holdout: study for study in gathered(store)}
    assert len(by_holdout.pop("cafe").runs) == 2
    (study,) = by_holdout.values()
    assert len(study.holdout) == 16
    assert len(study.runs) == 2


def test_openings_of_the_test_are_no_looks_at_the_validation_rows(store: SimulatedStore) -> None:
    run_id = store.run("one", RNG.random(20))
    opening = {
        "viewcast.sealed_open": "1",
        "viewcast.opened_run": run_id,
        "viewcast.looks": '[{"purpose": "test", "scores": 1, "among": 1}]',
        "viewcast.reason": "labels mended",
        "mlflow.user": "ben",
    }
    store.bare("test of one", opening, {"test_loss": 0.7, "test_error": 0.1})
    found = gather(store.uri, "study")
    assert len(found.studies) == 1
    assert len(found.studies[0].looks) == 1
    (opened,) = found.opened
    assert (opened.name, opened.holdout, opened.user) == ("one", HOLDOUT, "ben")
    assert (opened.loss, opened.error, opened.reason) == (0.7, 0.1, "labels mended")
