"""Rows that runs share: one set, whatever order and form their tables have."""

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from support.logged_tables import choice, log, tables
from support.mlflow_store import Store
from viewcast.data.row_keys import keys_of
from viewcast.tracking.read.columns import columns_of
from viewcast.tracking.read.row_sets import RowSets
from viewcast.tracking.read.row_table import RowTable

DAYS = pd.date_range("2024-02-01", periods=5)
NAMES = [f"{day:%Y-%m-%d}" for day in DAYS]
TARGET = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
PREDICTION = np.array([2.0, 1.5, 4.0, 3.0, 5.5])
RESIDUALS = pd.DataFrame({"y_true": TARGET, "y_pred": PREDICTION})


def read(store: Store, folder: Path, *contents: pd.DataFrame) -> list[RowTable]:
    """What runs with one table each tell, read one after another."""
    reader, read = tables(store, folder), []
    for content in contents:
        with store.run() as run:
            log("rows.parquet", content, folder / "made")
        rows = reader.of(store.now(run), choice("mae")).rows
        assert rows is not None
        read.append(rows)
    return read


@settings(max_examples=20)
@given(order=st.permutations(range(5)), key=st.sampled_from([None, "id", "index", "row_id"]))
def test_shuffled_rows_that_were_numbered_anew_are_matched_by_their_content(
    order: list[int], key: str | None
) -> None:
    first = pd.DataFrame({"y_true": [3.0, 1.0, 4.0, 1.5, 5.0], "y_pred": PREDICTION})
    shuffled = first.iloc[order].reset_index(drop=True)
    if key is not None:
        first, shuffled = (table.assign(**{key: range(5)}) for table in (first, shuffled))
    sets = RowSets()
    known, straight = sets.of(first, columns_of(first), [])
    again, places = sets.of(shuffled, columns_of(shuffled), [])
    assert again is known
    assert list(shuffled["y_pred"].to_numpy()[places]) == list(first["y_pred"][straight])


def test_equal_targets_are_told_apart_by_features_or_not_at_all(
    others_store: Store, tmp_path: Path
) -> None:
    first = RESIDUALS.assign(age=[10, 20, 30, 40, 50])
    shuffled = first.iloc[::-1].reset_index(drop=True)
    one, other = read(others_store, tmp_path, first, shuffled)
    assert other.keys is one.keys
    assert list(other.values) == list(one.values)
    bare, turned = read(others_store, tmp_path, RESIDUALS, RESIDUALS.iloc[[1, 0, 2, 3, 4]])
    assert turned.identity != bare.identity


def test_other_targets_are_other_rows(others_store: Store, tmp_path: Path) -> None:
    named = RESIDUALS.assign(day=DAYS)
    for table in (RESIDUALS, named):
        one, other, same = read(
            others_store, tmp_path, table, table.assign(y_true=TARGET + 1), table.assign(y_pred=0.0)
        )
        assert one.identity != other.identity
        assert one.keys is same.keys


@settings(max_examples=20)
@given(st.permutations(range(5)))
def test_rows_have_the_same_keys_in_any_order_and_any_form_of_their_days(order: list[int]) -> None:
    forms = (
        DAYS,
        DAYS.tz_localize("Europe/Berlin"),
        DAYS.date,
        DAYS.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    )
    for form in forms:
        keys = keys_of(pd.DataFrame({"day": form}).iloc[order], time="day")
        assert list(keys["row"]) == NAMES
        assert list(keys["time"]) == NAMES
        assert list(keys.index) == [0, 1, 2, 3, 4]


def test_hours_are_in_utc_where_none_comes_twice() -> None:
    hours = pd.date_range("2024-10-27", periods=6, freq="h", tz="Europe/Berlin")
    keys = keys_of(pd.DataFrame({"time": hours}), time="time")
    assert keys["row"].is_unique
    assert keys["row"].iloc[0] == "2024-10-26 22:00:00"
