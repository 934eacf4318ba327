"""Which of other people's runs charts may show beside each other, as an audit writes it."""

from pathlib import Path

import numpy as np
import pytest

import viewcast
from support.simulated_store import SimulatedStore
from viewcast.tracking.tags import COMPARED


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def told(store: SimulatedStore) -> dict[str, str | None]:
    """The tag of each run after an audit that writes, by the name of the run."""
    viewcast.audit(store.uri, write=True)
    runs = store.client.search_runs([store.experiment])
    return {run.info.run_name: run.data.tags.get(COMPARED) for run in runs}


def test_a_run_whose_loss_is_a_thousand_times_the_usual_one_is_not_compared(
    store: SimulatedStore,
) -> None:
    for name, loss in {"a": 1.0, "b": 2.0, "c": 3.0, "large": 1900.0, "wild": 2e9}.items():
        store.bare(name, metrics={"val_loss": loss})
    assert told(store) == dict.fromkeys(["a", "b", "c", "large"], "true") | {"wild": "false"}


def test_runs_that_failed_or_have_no_number_or_no_score_are_not_compared(
    store: SimulatedStore,
) -> None:
    for name in ("a", "b", "c"):
        store.bare(name, metrics={"val_loss": 1.0})
    store.bare("failed", metrics={"val_loss": 1.0}, status="FAILED")
    store.bare("no number", metrics={"val_loss": float("nan")})
    store.bare("no score", metrics={"train_loss": 1.0})
    found = told(store)
    assert [name for name, compared in found.items() if compared == "true"] == ["c", "b", "a"]
    assert found["failed"] == "false"


def test_scores_do_not_diverge(store: SimulatedStore) -> None:
    for name, score in {"a": 0.0001, "b": 0.0002, "c": 0.9}.items():
        store.bare(name, metrics={"val_accuracy": score})
    assert set(told(store).values()) == {"true"}


def test_losses_around_zero_have_no_scale_to_diverge_from(store: SimulatedStore) -> None:
    for name, loss in {"a": -3.0, "b": -2.0, "c": 5.0}.items():
        store.bare(name, metrics={"val_loss": loss})
    assert set(told(store).values()) == {"true"}


def test_a_memorizer_of_a_former_version_is_not_compared(store: SimulatedStore) -> None:
    losses = np.random.default_rng(3).gamma(2.0, 1.0, (3, 30))
    for name, model, own in zip("abc", ("linear", "naive", "lazy"), losses, strict=True):
        store.run(name, own, model=model)
    assert told(store) == {"a": "true", "b": "true", "c": "false"}
