"""A holdout and the content of a table are known by their rows, however they are given."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from viewcast.data import table


def rows_of(count: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "row": [f"{i}" for i in range(count)],
            "entity": "channel",
            "time": pd.date_range("1900-01-01", periods=count),
            "target": rng.normal(size=count),
        }
    )


# The identity of a holdout


@given(st.integers(1, 30), st.randoms(use_true_random=False))
def test_holdout_does_not_depend_on_the_order_of_rows(count: int, random: Any) -> None:
    rows = rows_of(count)
    order = list(range(count))
    random.shuffle(order)
    assert table.holdout(rows.iloc[order]) == table.holdout(rows)


@given(st.integers(1, 10))
def test_holdout_does_not_depend_on_features_keys_or_index(count: int) -> None:
    rows = rows_of(count)
    other = rows.assign(lag_1=1.0, row="x", unit="views")
    other.index = pd.Index(range(50, 50 + count))
    columns = ["lag_1", "target", "time", "entity", "row"]
    assert table.holdout(other[columns]) == table.holdout(rows)


@given(count=st.integers(1, 12), data=st.data())
def test_holdout_changes_with_any_target(count: int, data: st.DataObject) -> None:
    rows = rows_of(count)
    changed = rows.copy()
    at = data.draw(st.integers(0, count - 1))
    changed.loc[at, "target"] = np.nextafter(changed.loc[at, "target"], np.inf)
    assert table.holdout(changed) != table.holdout(rows)


@given(count=st.integers(1, 12), data=st.data())
def test_holdout_changes_with_any_time(count: int, data: st.DataObject) -> None:
    rows = rows_of(count)
    changed = rows.copy()
    at = data.draw(st.integers(0, count - 1))
    changed.loc[at, "time"] += pd.Timedelta(days=1)
    assert table.holdout(changed) != table.holdout(rows)


@given(count=st.integers(1, 12), data=st.data())
def test_holdout_changes_with_any_entity(count: int, data: st.DataObject) -> None:
    rows = rows_of(count)
    changed = rows.copy()
    at = data.draw(st.integers(0, count - 1))
    changed.loc[at, "entity"] = "another"
    assert table.holdout(changed) != table.holdout(rows)


@given(count=st.integers(2, 12), data=st.data())
def test_holdout_changes_when_targets_swap_places(count: int, data: st.DataObject) -> None:
    rows = rows_of(count)
    one, other = data.draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True))
    changed = rows.copy()
    changed.loc[[one, other], "target"] = rows.loc[[other, one], "target"].to_numpy()
    assert table.holdout(changed) != table.holdout(rows)


@given(st.integers(2, 12))
def test_holdout_changes_when_a_row_is_missing_or_there_twice(count: int) -> None:
    rows = rows_of(count)
    fewer, more = rows.iloc[1:], pd.concat([rows, rows.iloc[:1]])
    assert len({table.holdout(rows), table.holdout(fewer), table.holdout(more)}) == 3


def test_rows_that_two_sets_share_have_the_same_identities() -> None:
    rows = rows_of(9).assign(lag_1=1.0)
    early, late = table.row_identities(rows[:6]), table.row_identities(rows_of(9)[4:])
    assert set(early) & set(late) == set(table.row_identities(rows[4:6]))
    assert len({*early, *late}) == 9


def test_moments_identify_rows_by_entity_and_time_only() -> None:
    rows = rows_of(9)
    other = rows.assign(target=0.0, row="x", lag_1=1.0)
    early, late = table.moments(rows[:6]), table.moments(other[4:])
    assert set(early) & set(late) == set(table.moments(rows[4:6]))
    assert len({*early, *late, *table.moments(rows.assign(entity="b"))}) == 18


def test_holdout_counts_every_row_of_a_long_table() -> None:
    rows = rows_of(25_000)
    changed = rows.copy()
    changed.loc[20_000, "target"] += 1e-9
    assert table.holdout(changed) != table.holdout(rows)


def test_holdout_is_the_same_after_the_table_was_on_disk(tmp_path: Path) -> None:
    rows = rows_of(40)
    table.write(rows, tmp_path / "channel.parquet", "id")
    back = table.read(tmp_path / "channel.parquet", "id", "channel")
    assert table.holdout(back) == table.holdout(rows)


def test_holdout_does_not_depend_on_the_resolution_of_times() -> None:
    rows = rows_of(5)
    assert table.holdout(rows.assign(time=rows["time"].dt.as_unit("ns"))) == table.holdout(rows)


def test_holdout_of_a_known_table_is_a_known_hash() -> None:
    # A change here unties every recorded run from its validation rows.
    inner = hashlib.sha256(b"ML2021\x1f13\x1f34.53").digest()
    assert hashlib.sha256(inner).hexdigest()[:16] == "c2fd57dd8887f3d8"
    rows = pd.DataFrame({"entity": ["ML2021"], "time": [13], "target": [34.53]})
    assert table.holdout(rows) == "c2fd57dd8887f3d8"


# The content of tables


@given(st.sampled_from(["row", "entity", "time", "target", "lag_1"]), st.integers(0, 4))
def test_content_changes_with_any_cell(column: str, at: int) -> None:
    rows = rows_of(5).assign(lag_1=1.0)
    changed = rows.copy()
    changed.loc[at, column] = {
        "row": "x",
        "entity": "x",
        "time": pd.Timestamp("1999-01-01"),
        "target": 9.0,
        "lag_1": 9.0,
    }[column]
    assert table.content(changed) != table.content(rows)


def test_content_differs_between_training_and_validation_rows() -> None:
    rows = rows_of(6)
    cuts = {table.content(rows.iloc[:cut], rows.iloc[cut:]) for cut in range(7)}
    assert len(cuts) == 7


def test_content_depends_on_the_order_of_rows_and_columns() -> None:
    rows = rows_of(4)
    assert table.content(rows.iloc[::-1]) != table.content(rows)
    assert table.content(rows[rows.columns[::-1]]) != table.content(rows)
