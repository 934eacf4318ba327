"""Experiments of which nothing can be gathered are refused in words."""

import os
from pathlib import Path

import numpy as np
import pytest
from mlflow.exceptions import MlflowException

from support.gathered import gathered
from support.simulated_store import SimulatedStore
from viewcast.base.errors import ConfigError, DataError, TrackingError
from viewcast.tracking.read.gather import gather

RNG = np.random.default_rng(0)


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def test_an_unknown_experiment_is_refused_with_those_there_are(store: SimulatedStore) -> None:
    with pytest.raises(ConfigError, match=r"experiment = stdy: unknown to .*; allowed: study"):
        gather(store.uri, "stdy")


def test_an_experiment_without_runs_is_refused(store: SimulatedStore) -> None:
    with pytest.raises(DataError, match="no run yet; train one, then audit"):
        gathered(store)


def test_runs_without_any_loss_are_refused_with_the_metrics_there_are(
    store: SimulatedStore,
) -> None:
    store.bare("one", metrics={"lr": 0.1, "train_accuracy": 0.9})
    with pytest.raises(DataError, match=r"none of its 1 runs .* there are: lr, train_accuracy"):
        gathered(store)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="no such file"):
        gather(f"sqlite:///{tmp_path}/none.db", "study")
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_down_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    with pytest.raises(TrackingError, match=r"tracking.uri = http://127.0.0.1:9: nobody listens"):
        gather("http://127.0.0.1:9", "study")
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_server_that_breaks_off_is_named(
    store: SimulatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> list[object]:
        raise MlflowException("connection reset")

    monkeypatch.setattr("viewcast.tracking.read.gather.all_runs", gone)
    with pytest.raises(
        TrackingError, match=r"tracking.uri = .*: connection reset; .* type the same again"
    ):
        gathered(store)


def test_gathering_writes_nothing(store: SimulatedStore) -> None:
    store.run("one", RNG.random(20))
    before = (store.root / "mlflow.db").read_bytes()
    gathered(store)
    assert (store.root / "mlflow.db").read_bytes() == before
