"""The prepared table: its keys, its features, and what is read back from disk."""

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
