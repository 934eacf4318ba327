"""Runs that viewcast did not make: which metric, and in which direction."""

from pathlib import Path
from typing import Any

import pytest

from support.foreign_runs import LOSSES, aside, scalars, series, understood, winner
from support.gathered import gathered, only
from support.simulated_store import SimulatedStore
from viewcast.base.errors import ConfigError, DataError
from viewcast.tracking.read.settings import ReadSettings


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def test_the_metric_is_the_one_that_most_runs_have(store: SimulatedStore) -> None:
    scalars(store, "val_mae", LOSSES)
    store.bare("other", metrics={"val_loss": 0.1})
    study = only(store)
    assert understood(study).metric == "val_mae"
    assert understood(study).metric_from == "3 of 4 runs have it"
    assert aside(study) == {"other": "it has no val_mae"}


@pytest.mark.parametrize(
    ("params", "metric"),
    [
        ({"metric_for_best_model": "f1", "greater_is_better": "True"}, "eval_f1"),
        ({"monitor": "eval_f1"}, "eval_f1"),
        ({"metric_for_best_model": "None"}, "eval_loss"),
        ({"monitor": "train_f1"}, "eval_loss"),
    ],
)
def test_parameters_point_to_the_metric(
    store: SimulatedStore, params: dict[str, str], metric: str
) -> None:
    for name, loss in LOSSES.items():
        metrics = {"eval_loss": loss, "eval_f1": loss, "train_f1": 0.9, "eval_runtime": 0.1}
        store.bare(name, metrics=metrics, params=params)
    study = only(store)
    assert understood(study).metric == metric
    assert winner(study).facts.name == ("c" if metric == "eval_f1" else "b")


def test_a_figure_called_best_is_what_was_chosen_by(store: SimulatedStore) -> None:
    for name, loss in LOSSES.items():
        store.bare(name, metrics={"val_loss": loss, "best_val_acc": loss})
    study = only(store)
    assert understood(study).metric == "best_val_acc"
    assert understood(study).more_is_better
    assert winner(study).facts.name == "c"
    assert winner(study).shown == -0.6


def test_training_metrics_runtimes_and_rates_are_never_taken(store: SimulatedStore) -> None:
    metrics = {"loss": 0.1, "accuracy": 0.9, "train_rmse": 0.1, "lr": 0.1, "eval_runtime": 3.0}
    store.bare("a", metrics=metrics)
    with pytest.raises(DataError, match=r"--metric accuracy \(or loss\); metrics there are"):
        gathered(store)


def test_what_is_proposed_is_not_refused(store: SimulatedStore) -> None:
    scalars(store, "loss", LOSSES)
    with pytest.raises(DataError, match="name it: --metric loss"):
        gathered(store)
    assert winner(only(store, metric="loss")).facts.name == "b"


def test_a_training_metric_is_refused_by_name(store: SimulatedStore) -> None:
    scalars(store, "train_loss", LOSSES)
    with pytest.raises(ConfigError, match="metric = train_loss: is of training rows, by its name"):
        gathered(store, metric="train_loss")


def test_a_direction_that_nobody_says_is_asked_for(store: SimulatedStore) -> None:
    scalars(store, "fitness", LOSSES)
    with pytest.raises(ConfigError, match=r"does not say whether .* give direction = min or max"):
        gathered(store, metric="fitness")
    assert winner(only(store, metric="fitness", direction="max")).facts.name == "c"
    assert winner(only(store, metric="fitness", direction="min")).facts.name == "b"


def test_a_direction_against_the_name_is_refused(store: SimulatedStore) -> None:
    scalars(store, "val_rmse", LOSSES)
    with pytest.raises(ConfigError, match="direction = max: of val_rmse less is better"):
        gathered(store, direction="max")


def test_the_test_metric_is_taken_with_a_warning(store: SimulatedStore) -> None:
    scalars(store, "test_acc", LOSSES)
    assert "is a validation set" in understood(only(store)).metric_from


def test_spellings_of_one_figure_are_compared_and_said(store: SimulatedStore) -> None:
    scalars(store, "val_rmse", LOSSES)
    store.bare("boosted", metrics={"validation_0-rmse": 0.3})
    study = only(store)
    assert winner(study).facts.name == "boosted"
    assert understood(study).passed_over == ("validation_0-rmse is read as val_rmse",)


def test_of_several_evaluation_sets_the_last_is_taken_and_the_others_are_named(
    store: SimulatedStore,
) -> None:
    for name, loss in LOSSES.items():
        store.bare(name, metrics={"validation_0-rmse": 0.0, "validation_1-rmse": loss})
    study = only(store)
    assert winner(study).facts.name == "b"
    note = "validation_0-rmse: validation_1-rmse of the same run is taken"
    assert understood(study).passed_over == (note,)


@pytest.mark.parametrize(
    ("value", "shown", "scores"), [(None, 0.6, 1), ("best", 0.3, 3), ("max", 0.8, 3)]
)
def test_the_point_of_a_series_that_counts_is_the_last_or_the_one_asked_for(
    store: SimulatedStore, value: str | None, shown: float, scores: int
) -> None:
    series(store, store.bare("a"), "val_loss", [0.8, 0.3, 0.6])
    study = only(store, value=value)
    assert winner(study).shown == shown
    assert sum(look.scores for look in study.looks) == scores


def test_epochs_count_as_looks_where_a_rule_acted_on_them(store: SimulatedStore) -> None:
    run_id = store.bare("a", params={"early_stopping_rounds": "5"})
    series(store, run_id, "val_loss", [0.8, 0.3, 0.6, 0.5])
    assert only(store).looks[0].scores == 4


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"direction": "up"}, "direction = up: unknown; allowed: min, max"),
        ({"value": "mean"}, "value = mean: unknown; allowed: last, best, min, max"),
        ({"n": 0}, "n = 0: expected the number of validation rows"),
        ({"rows": "v.csv"}, "rows = v.csv, target = None: one needs the other"),
    ],
)
def test_settings_that_mean_nothing_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ReadSettings(**asked)
