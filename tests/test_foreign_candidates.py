"""Runs that viewcast did not make: which of them are candidates, with folds, searches and seeds."""

from pathlib import Path

import pandas as pd
import pytest

import viewcast
from support.foreign_runs import LOSSES, SEARCH, aside, rows, scalars, understood, winner
from support.gathered import only
from support.simulated_store import SimulatedStore
from viewcast.assessment.rounds import scored_rounds


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


# Runs


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1.797e308])
def test_a_run_that_diverged_is_set_aside(store: SimulatedStore, value: float) -> None:
    scalars(store, "val_accuracy", {**LOSSES, "broken": value})
    study = only(store)
    assert winner(study).facts.name == "c"
    assert aside(study) == {"broken": "it diverged: its val_accuracy is no finite number"}


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "RUNNING"])
def test_a_run_that_has_not_finished_does_not_win(store: SimulatedStore, status: str) -> None:
    scalars(store, "val_loss", LOSSES)
    store.bare("first", metrics={"val_loss": 0.1}, status=status)
    study = only(store)
    assert winner(study).facts.name == "b"
    assert status in aside(study)["first"]


@pytest.mark.parametrize(("own", "taken"), [(0.4, 3), (0.5, 3), (0.35, 4)])
def test_a_parent_that_repeats_a_child_or_their_mean_is_no_candidate(
    store: SimulatedStore, own: float, taken: int
) -> None:
    parent = store.bare("sweep", metrics={"val_loss": own})
    scalars(store, "val_loss", LOSSES, tags={"mlflow.parentRunId": parent})
    study = only(store)
    assert understood(study).taken == taken
    assert ("sweep" in aside(study)) == (taken == 3)


@pytest.mark.parametrize(
    ("tags", "rounds"), [({}, 3), ({"sampler": "RandomSampler"}, 1), ({"sampler": "TPE"}, 3)]
)
def test_trials_that_may_have_been_drawn_in_sight_of_others_are_rounds(
    store: SimulatedStore, tags: dict[str, str], rounds: int
) -> None:
    parent = store.bare("study", {**tags, "optuna.study_direction": "MAXIMIZE"})
    scalars(store, "value", LOSSES, tags={"mlflow.parentRunId": parent})
    study = only(store)
    assert winner(study).facts.name == "c"
    assert understood(study).direction_from == "optuna.study_direction = MAXIMIZE"
    assert len(scored_rounds(study)) == rounds


def test_the_runs_of_a_grid_are_one_round(store: SimulatedStore) -> None:
    parent = store.bare("grid")
    for lr in "12":
        for width in "345":
            store.bare(
                lr + width,
                {"mlflow.parentRunId": parent},
                {"val_loss": float(lr + width)},
                {"lr": lr, "width": width},
            )
    assert len(scored_rounds(only(store))) == 1


# Folds, searches, seeds


def test_folds_of_nested_runs_are_one_candidate(store: SimulatedStore) -> None:
    for name, level in LOSSES.items():
        parent = store.bare(name)
        for fold in range(3):
            tags = {"mlflow.parentRunId": parent}
            store.bare("f", tags, {"val_rmse": level + fold}, {"fold": str(fold)})
    study = only(store)
    best = winner(study)
    assert (best.facts.name, best.shown) == ("b", pytest.approx(1.4))
    assert best.folds is not None
    assert best.folds.tolist() == [0.4, 1.4, 2.4]
    assert understood(study).taken == 3


def test_scores_by_fold_need_no_mean_beside_them(store: SimulatedStore) -> None:
    for name, level in LOSSES.items():
        store.bare(name, metrics={f"fold_{fold}_rmse": level + fold for fold in range(3)})
    best = winner(only(store))
    assert (best.facts.name, best.shown) == ("b", pytest.approx(1.4))
    assert best.folds is not None
    assert best.folds.tolist() == [0.4, 1.4, 2.4]


def test_folds_of_flat_runs_of_the_same_settings_are_one_candidate(store: SimulatedStore) -> None:
    for width in ("8", "9"):
        for fold in ("0", "1"):
            params = {"width": width, "fold": fold}
            store.bare(f"w{width}", metrics={"val_acc": int(width + fold) / 100}, params=params)
    best = winner(only(store))
    assert best.folds is not None
    assert best.folds.tolist() == [-0.90, -0.91]


def test_all_candidates_of_a_search_are_taken_not_only_those_that_became_runs(
    store: SimulatedStore,
) -> None:
    results = pd.DataFrame(
        {
            "mean_fit_time": [0.1, 0.2, 0.3],
            "params": ["{'C': 1}", "{'C': 10}", "{'C': 100}"],
            "split0_test_score": [0.7, 0.9, 0.8],
            "split1_test_score": [0.5, 0.7, 0.6],
            "mean_test_score": [0.6, 0.8, 0.7],
        }
    )
    params = {"scoring": "neg_log_loss", "refit": "True"}
    parent = store.bare("search", SEARCH, {"best_cv_score": 0.8}, params)
    rows(store, parent, "feed", "train")
    path = store.folder(parent) / "cv_results.csv"
    results.to_csv(path, index=False)
    tags = {"mlflow.parentRunId": parent}
    child = store.bare("quiet-fox", tags, {"mean_test_score": 0.8, "mean_fit_time": 0.2})
    study = only(store)
    assert {run.facts.name for run in study.runs} == {"C=1", "quiet-fox", "C=100"}
    best = winner(study)
    assert (best.run_id, best.facts.measure, best.row_count) == (child, "log_loss", 150)
    assert best.folds is not None
    assert best.folds.tolist() == [-0.9, -0.7]
    assert (best.facts.size, best.facts.size_of) == (0.2, "s to fit")
    assert study.holdout == "feed"
    assert understood(study).rows_from == "cross-validation within the training input"
    assert len(scored_rounds(study)) == 1


def test_candidates_that_never_became_runs_are_not_annotated(store: SimulatedStore) -> None:
    parent = store.bare("search", SEARCH, {"best_cv_score": 0.8})
    table = "mean_test_score,params\n0.8,{'C': 1}\n0.7,{'C': 2}\n"
    (store.folder(parent) / "cv_results.csv").write_text(table)
    child = store.bare("fox", {"mlflow.parentRunId": parent}, {"mean_test_score": 0.8})
    viewcast.audit(store.uri, "study", write=True)
    verdicts = [
        run.info.run_id
        for run in store.client.search_runs([store.experiment])
        if "viewcast.verdict" in run.data.tags
    ]
    assert verdicts == [child]


def test_a_search_whose_candidates_told_their_rows_has_nothing_more_to_say(
    store: SimulatedStore,
) -> None:
    parent = store.bare("search", SEARCH, {"best_cv_score": 0.8})
    (store.folder(parent) / "cv_results.csv").write_text("mean_test_score,params\n0.8,{}\n")
    tags = {"mlflow.parentRunId": parent}
    store.bare("left over", tags, {"mean_test_score": 0.7})
    store.run("told", [0.1, 0.2, 0.3], tags=tags)
    assert [run.facts.name for run in only(store).runs] == ["told"]


def test_runs_that_differ_by_the_seed_alone_share_their_settings(store: SimulatedStore) -> None:
    for depth in ("3", "5"):
        for seed in ("0", "1"):
            params = {"depth": depth, "random_state": seed}
            store.bare(f"{depth}-{seed}", metrics={"val_acc": 0.5}, params=params)
    runs = {run.facts.name: run.facts for run in only(store).runs}
    assert runs["3-0"].settings == runs["3-1"].settings != runs["5-0"].settings
    assert [runs[name].seed for name in ("3-0", "3-1")] == ["0", "1"]
