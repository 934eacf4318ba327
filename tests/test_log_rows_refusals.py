"""viewcast.log_rows: what it refuses before anything is written."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

import viewcast
from support.log_rows import CHANCES, CLASSES, NUMBERS, THREE, N
from support.mlflow_store import Store
from viewcast.base.errors import ConfigError, DataError, TrackingError


@pytest.fixture
def store(others_store: Store) -> Store:
    return others_store


def test_other_rows_in_the_same_run_are_refused_and_the_first_are_kept(store: Store) -> None:
    with store.run() as run:
        viewcast.log_rows(NUMBERS, NUMBERS + 1)
        with pytest.raises(DataError, match="of other validation rows"):
            viewcast.log_rows(NUMBERS[:-1], NUMBERS[:-1])
    assert len(store.table(run)) == N


def test_a_table_of_somebody_else_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    own = tmp_path / "predictions.parquet"
    pd.DataFrame({"mine": [1]}).to_parquet(own)
    with store.run() as run:
        mlflow.log_artifact(str(own))
        with pytest.raises(DataError, match=r"has an artifact predictions\.parquet already"):
            viewcast.log_rows(NUMBERS, NUMBERS)
    assert list(store.table(run)) == ["mine"]


@pytest.mark.parametrize(
    ("rows", "settings", "error", "message"),
    [
        ((NUMBERS, NUMBERS), {"metric": "rmsee"}, ConfigError, "metric = rmsee: unknown; allowed"),
        ((NUMBERS, NUMBERS), {"split": "val"}, ConfigError, "split = val: unknown; allowed: vali"),
        ((NUMBERS, NUMBERS), {"looks": 0}, ConfigError, "looks = 0: expected"),
        ((NUMBERS, NUMBERS), {"run_id": "0" * 32}, TrackingError, "cannot be reached"),
        ((NUMBERS, NUMBERS[1:]), {}, DataError, r"prediction: shape \(39,\); expected \(40,\)"),
        ((NUMBERS, np.where(THREE, NUMBERS, np.nan)), {}, DataError, "not finite in 14 of 40 rows"),
        ((NUMBERS, NUMBERS, list(range(39))), {}, DataError, "keys: 39 of them for 40 rows"),
        ((NUMBERS, NUMBERS, [1] * N), {}, DataError, "'1' occurs twice"),
        (([], []), {}, DataError, "no rows"),
        ((CLASSES, CHANCES + 1), {"metric": "log_loss"}, DataError, "expected probabilities"),
    ],
)
def test_what_cannot_be_scored_is_refused_before_anything_is_written(
    store: Store, rows: Any, settings: Any, error: type[Exception], message: str
) -> None:
    with store.run() as run, pytest.raises(error, match=message):
        viewcast.log_rows(*rows, **settings)
    assert store.artifacts(run) == set()
    assert store.now(run).inputs.dataset_inputs == []
