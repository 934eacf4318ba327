"""Runs that viewcast did not make: which rows they were scored on."""

from pathlib import Path

import pytest

from support.foreign_runs import LOSSES, rows, scalars, understood, winner
from support.gathered import gathered, only
from support.simulated_store import SimulatedStore
from viewcast.base.errors import ConfigError, DataError


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


@pytest.mark.parametrize("names", [("validation_0", "validation_1"), ("train", "valid")])
def test_an_evaluation_set_with_the_digest_of_the_training_rows_is_no_validation(
    store: SimulatedStore, names: tuple[str, str]
) -> None:
    for name, loss in LOSSES.items():
        run_id = store.bare(name, metrics={f"{names[0]}-rmse": 0.0, f"{names[1]}-rmse": loss})
        for digest, context, data in (
            ("cafe", "train", "dataset"),
            ("cafe", "eval", names[0]),
            ("beef", "eval", names[1]),
        ):
            rows(store, run_id, digest, context, data)
    study = only(store)
    assert (study.holdout, understood(study).rows) == ("beef", 150)
    assert winner(study).facts.name == "b"


def test_a_booster_that_was_evaluated_on_its_training_rows_alone_has_no_score(
    store: SimulatedStore,
) -> None:
    run_id = store.bare("a", metrics={"validation_0-rmse": 0.1})
    rows(store, run_id, "cafe", "train")
    rows(store, run_id, "cafe", "eval", "validation_0")
    with pytest.raises(DataError, match="log the validation score of each run"):
        gathered(store)
    with pytest.raises(ConfigError, match="of training rows, by the digest of the training input"):
        gathered(store, metric="validation_0-rmse")


def test_runs_of_different_data_sets_are_not_compared(store: SimulatedStore) -> None:
    for data in ("A", "B"):
        scalars(store, "val_loss", LOSSES, params={"dataset": data})
    first, second = gathered(store)
    assert (first.holdout, second.holdout) == ("unknown: dataset_A", "unknown: dataset_B")
    assert "another data set" in " ".join(first.assumed)


def test_the_number_of_rows_is_the_users_else_the_profiles(store: SimulatedStore) -> None:
    run_id = store.bare("a", metrics={"val_acc": 0.9})
    rows(store, run_id, "beef", "validation")
    assert only(store).runs[0].row_count == 150
    assert only(store, n=40).runs[0].row_count == 40


def test_what_would_have_more_runs_priced_is_a_line_to_paste(store: SimulatedStore) -> None:
    scalars(store, "val_loss", LOSSES)
    assert "viewcast.log_rows(" in str(understood(only(store)).advice)
    history = {"mlflow.log-model.history": "[]"}
    scalars(store, "val_loss", {f"{name}'": loss for name, loss in LOSSES.items()}, tags=history)
    store.bare("d", history, {"val_loss": 0.7})
    advice = str(understood(only(store)).advice)
    assert advice.startswith("viewcast audit --tracking-uri sqlite:")
    assert "--experiment study --rows valid.parquet --target y --load-models" in advice
