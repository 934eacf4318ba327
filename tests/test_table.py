"""The prepared table: its keys, its features, its identity on disk and that of a holdout."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import ConfigError, DataError
from viewcast.data import table

COLUMNS = [*(f"lag_{i}" for i in range(1, 9)), "tue", "wed", "thu", "holiday", "age"]
SETS = {"linear": ["lag_1"], "augmented": ["lag_1..lag_3", "tue..thu", "age"], "naive": []}


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


def keys_of(rows: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": rows, "entity": "course", "time": range(len(rows)), "target": range(len(rows))}
    )


def assembled(rows: list[str] | None = None) -> pd.DataFrame:
    keys = keys_of(["a/1", "a/2", "b/1"] if rows is None else rows)
    features = pd.DataFrame({"pages": [1, 2, 3], "words": [10.0, np.nan, 30.0]})
    return table.assemble(
        keys, features, {"tail": pd.Series(["train", "validation", "test"])}, "minutes"
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


# Choosing features


def test_a_set_is_chosen_by_its_name() -> None:
    assert table.select("linear", SETS, COLUMNS) == ["lag_1"]


def test_an_empty_set_is_no_feature() -> None:
    assert table.select("naive", SETS, COLUMNS) == []


def test_ranges_within_a_set_are_spelt_out() -> None:
    assert table.select("augmented", SETS, COLUMNS) == [
        *["lag_1", "lag_2", "lag_3"],
        *["tue", "wed", "thu", "age"],
    ]


def test_a_list_of_columns_is_taken_in_its_own_order() -> None:
    assert table.select(["age", "lag_2"], SETS, COLUMNS) == ["age", "lag_2"]


@given(st.integers(1, 8), st.integers(1, 8))
def test_a_range_holds_both_its_ends_and_all_between(one: int, other: int) -> None:
    low, high = sorted([one, other])
    expected = [f"lag_{i}" for i in range(low, high + 1)]
    assert table.select([f"lag_{low}..lag_{high}"], SETS, COLUMNS) == expected


def test_a_feature_named_twice_is_used_once() -> None:
    wanted = ["lag_1..lag_3", "lag_2", "lag_3..lag_4"]
    assert table.select(wanted, SETS, COLUMNS) == ["lag_1", "lag_2", "lag_3", "lag_4"]


@pytest.mark.parametrize("wanted", ["linaer", "", "lag_1"])
def test_a_set_that_is_none_is_refused_with_those_there_are(wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        table.select(wanted, SETS, COLUMNS)
    assert f"model.features = {wanted}" in str(caught.value)
    assert "linear, augmented, naive" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("lag_9", "lag_9"),
        ("lag_1..lag_9", "lag_9"),
        ("lag_0..lag_9", "lag_0"),
        ("target", "target"),
        ("lag_1..", "lag_1.."),
        ("..lag_1", "..lag_1"),
        ("lag_1..lag_2..lag_3", "lag_2..lag_3"),
        ("", ""),
        ("a\nb", "a\\nb"),
    ],
)
def test_a_column_that_is_none_is_refused_with_those_there_are(name: str, missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        table.select([name], SETS, COLUMNS)
    assert f"'{missing}'" in str(caught.value)
    assert ", ".join(COLUMNS) in str(caught.value)


def test_a_range_from_late_to_early_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"lag_7\.\.lag_1"):
        table.select(["lag_7..lag_1"], SETS, COLUMNS)


def test_keys_and_splits_are_no_features() -> None:
    assert table.feature_columns(assembled()) == ["pages", "words"]


# Assembling


def test_a_table_has_keys_then_splits_then_features() -> None:
    made = assembled()
    keys = ["row", "entity", "time", "target", "unit"]
    assert made.columns.tolist() == [*keys, "split_tail", "pages", "words"]
    assert made["unit"].tolist() == ["minutes"] * 3


def test_target_and_features_are_doubles_and_what_is_unknown_stays_missing() -> None:
    made = assembled()
    assert (made[["target", "pages", "words"]].dtypes == "float64").all()
    assert made["words"].isna().tolist() == [False, True, False]


def test_a_key_that_occurs_twice_is_refused() -> None:
    with pytest.raises(DataError, match=r"row 'a/1' occurs twice"):
        assembled(["a/1", "b/1", "a/1"])


# On disk


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "prepared" / "lectures.parquet"
    table.write(assembled(), path, "id")
    pd.testing.assert_frame_equal(table.read(path, "id", "lectures"), assembled())


def test_writing_leaves_one_file(tmp_path: Path) -> None:
    table.write(assembled(), tmp_path / "lectures.parquet", "id")
    assert [file.name for file in tmp_path.iterdir()] == ["lectures.parquet"]


def test_a_table_is_replaced_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "lectures.parquet"
    table.write(assembled(), path, "id")
    before = path.read_bytes()
    with path.open("rb") as reader:
        table.write(assembled(["x", "y", "z"]), path, "id")
        assert reader.read() == before


def test_the_same_table_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        table.write(assembled(), tmp_path / name, "id")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_table_prepared_with_other_settings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lectures.parquet"
    table.write(assembled(), path, "one")
    with pytest.raises(DataError, match="other settings") as caught:
        table.read(path, "another", "lectures")
    assert str(path) in str(caught.value)
    assert "pipelines/prepare.py data=lectures" in str(caught.value)


def test_a_table_of_unknown_settings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lectures.parquet"
    assembled().to_parquet(path)
    with pytest.raises(DataError, match="other settings"):
        table.read(path, "id", "lectures")


def test_a_table_that_was_never_prepared_is_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dvc repro prepare@channel"):
        table.read(tmp_path / "channel.parquet", "id", "channel")


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"garbage" * 9], ids=["empty", "cut short", "garbage"]
)
def test_a_damaged_table_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "channel.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"channel\.parquet"):
        table.read(path, "id", "channel")


def test_a_crash_while_writing_leaves_the_former_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lectures.parquet"
    table.write(assembled(), path, "id")

    def half(arrow: Any, where: Path) -> None:
        Path(where).write_bytes(b"PAR1 half a table")
        raise OSError("No space left on device")

    monkeypatch.setattr(pq, "write_table", half)
    with pytest.raises(OSError, match="No space left"):
        table.write(assembled(["x", "y", "z"]), path, "id")
    pd.testing.assert_frame_equal(table.read(path, "id", "lectures"), assembled())
