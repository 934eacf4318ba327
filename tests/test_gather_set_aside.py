"""Runs that cannot be compared with the rest are set aside, with the reason."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.gathered import named, only
from support.simulated_store import HOLDOUT, SimulatedStore, days
from viewcast.assessment.study import REMEMBERS

RNG = np.random.default_rng(0)


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def test_a_trajectory_of_another_length_sets_its_run_aside(store: SimulatedStore) -> None:
    store.run("one", RNG.random(20), states=RNG.random((4, 19)))
    assert named(only(store), "one").excluded == (
        "trajectory.parquet: 19 losses for each epoch, expected 20 for 20 validation rows"
    )


def test_a_candidate_with_fewer_rows_is_not_compared_with_the_others(
    store: SimulatedStore,
) -> None:
    predictions = RNG.random((3, 25))
    predictions[2, :5] = math.nan
    store.sweep(predictions, days(25))
    assert [run.excluded for run in only(store).runs] == [
        None,
        None,
        "was scored on other rows than the rest: 20 rows, 20 of them among the 25 of this holdout",
    ]


def test_a_candidate_without_a_number_is_set_aside_and_the_others_are_read(
    store: SimulatedStore,
) -> None:
    _, first, _ = store.sweep(RNG.random((2, 25)), days(25))
    store.tag(first, **{"viewcast.candidate": "nan"})
    assert [run.excluded for run in only(store).runs] == [
        "tag viewcast.candidate = 'nan': expected the number of a candidate",
        None,
    ]


def test_runs_with_other_rows_under_one_name_are_set_aside(store: SimulatedStore) -> None:
    for i in range(3):
        store.run(f"run-{i}", RNG.random(20))
    store.run("shifted", RNG.random(20), keys=days(20, "2021-01-06"))
    study = only(store)
    assert named(study, "shifted").excluded == (
        "was scored on other rows than the rest: 20 rows, 15 of them among the 20 of this holdout"
    )
    assert len(study.compared) == 3


def test_losses_that_are_not_finite_set_a_run_aside(store: SimulatedStore) -> None:
    losses = RNG.random(20)
    losses[:3] = math.nan
    losses[3] = math.inf
    store.run("broken", losses)
    store.run("whole", RNG.random(20))
    assert named(only(store), "broken").excluded == "4 of its 20 row losses are missing or infinite"


def test_runs_measured_by_another_loss_are_set_aside(store: SimulatedStore) -> None:
    store.run("one", RNG.random(20))
    store.run("two", RNG.random(20))
    store.run("squared", RNG.random(20), tags={"viewcast.loss": "mse", "viewcast.unit": "views²"})
    study = only(store)
    assert (
        named(study, "squared").excluded == "is measured by mse in views², the rest by mae in views"
    )


@pytest.mark.parametrize(
    ("model", "params", "losses"),
    [
        ("memorizer_leak", {}, np.full(20, 0.1)),
        ("table", {"model.remembers": "['train', 'validation']"}, np.full(20, 0.1)),
        ("deep", {}, np.zeros(20)),
    ],
)
def test_a_run_that_has_seen_the_validation_rows_is_excluded(
    store: SimulatedStore, model: str, params: dict[str, str], losses: np.ndarray
) -> None:
    store.run("memory", losses, model=model, params=params)
    assert named(only(store), "memory").excluded == REMEMBERS


def test_a_missing_artifact_sets_its_run_aside_with_its_name(store: SimulatedStore) -> None:
    run_id = store.run("lost", RNG.random(20))
    (store.folder(run_id) / "predictions.parquet").unlink()
    parent, *_ = store.sweep(RNG.random((1, 20)), days(20))
    (store.folder(parent) / "tables" / "predictions.parquet").unlink()
    study = only(store)
    missing = "artifact {} of run {} is missing"
    assert named(study, "lost").excluded == missing.format("predictions.parquet", run_id)
    assert named(study, "search-0000").excluded == missing.format(
        "tables/predictions.parquet", parent
    )


def test_a_damaged_artifact_sets_its_run_aside(store: SimulatedStore) -> None:
    run_id = store.run("damaged", RNG.random(20))
    (store.folder(run_id) / "predictions.parquet").write_bytes(b"PAR1 no more")
    excluded = named(only(store), "damaged").excluded
    assert excluded is not None
    assert excluded.startswith("predictions.parquet: damaged (")


def test_a_run_that_failed_says_why(store: SimulatedStore) -> None:
    tags = {"viewcast.holdout": HOLDOUT, "viewcast.look": "x", "viewcast.failure": "diverged: x"}
    store.bare("failed", tags, {"val_loss": 3.0}, status="FAILED")
    assert named(only(store), "failed").excluded == "diverged"


def test_a_figure_beside_runs_with_row_losses_is_only_counted(store: SimulatedStore) -> None:
    with_rows, without = (store.bare(name, metrics={"val_loss": 0.4}) for name in ("a", "b"))
    for run_id in (with_rows, without):
        store.rows_input(run_id, "cafe", "validation")
    store.table(with_rows, pd.DataFrame({"row": list("xyz"), "loss": RNG.random(3)}), "l.parquet")
    study = only(store)
    assert len(study.looks) == 2
    assert [run.excluded for run in study.runs] == [None, "no row losses: it is only counted"]
