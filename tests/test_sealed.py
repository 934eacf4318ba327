"""The sealed test rows: nothing that is open depends on a test target."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.cli import compose
from viewcast.base.errors import DataError
from viewcast.base.paths import prepared_path, sealed_path
from viewcast.base.settings import build
from viewcast.data import sealed, table
from viewcast.data.daily import windows
from viewcast.data.preparation import preparation

ROOT = Path(__file__).resolve().parents[1]
FILES = {"channel": "simulated_daily_views.csv", "lectures": "lectures.csv"}
LABELS = ("train", "validation", "test", "unused")


def series_table(labels: dict[str, list[str]], lags: int) -> pd.DataFrame:
    """Days whose views are all different, so that a value tells its day."""
    count = len(next(iter(labels.values())))
    days = pd.date_range("2021-01-01", periods=count + lags, freq="D")
    series = pd.Series(np.arange(len(days)) + 0.5, index=days)
    features = windows(series, lags, None)
    index = pd.DatetimeIndex(features.index)
    columns = {"row": index.strftime("%Y-%m-%d"), "entity": "channel", "time": index}
    keys = pd.DataFrame({**columns, "target": series[index]}, index=index)
    splits = {name: pd.Series(split, index=index) for name, split in labels.items()}
    return table.assemble(keys, features, splits, "views")


def lags_of(frame: pd.DataFrame) -> set[float]:
    return {
        float(value)
        for column in frame.columns
        if column.startswith("lag_")
        for value in frame[column]
    }


# The rule


@given(st.lists(st.sampled_from(["train", "test", "unused"]), min_size=1), st.integers(1, 5))
def test_no_open_row_of_a_series_holds_a_test_target(labels: list[str], lags: int) -> None:
    whole = series_table({"a": labels}, lags)
    try:
        open_, kept = sealed.seal(whole, lags)
    except DataError:
        return
    hidden = set(whole.loc[whole["split_a"] == "test", "target"])
    assert set(kept["target"]) == hidden
    assert not hidden & set(open_["target"])
    assert not hidden & lags_of(open_)


@given(st.lists(st.sampled_from(["test", "unused"]), min_size=1), st.integers(1, 5))
def test_every_row_that_knows_no_test_target_stays_open(labels: list[str], lags: int) -> None:
    whole = series_table({"a": labels}, lags)
    open_, _ = sealed.seal(whole, lags)
    harmless = [
        place
        for place in range(len(labels))
        if "test" not in labels[max(place - lags, 0) : place + 1]
    ]
    assert open_["row"].tolist() == whole["row"].iloc[harmless].tolist()


@given(st.lists(st.sampled_from(LABELS), min_size=1), st.integers(1, 5))
def test_a_row_in_use_after_the_test_is_refused_if_and_only_if_it_reaches_it(
    labels: list[str], lags: int
) -> None:
    reaching = [
        place
        for place, label in enumerate(labels)
        if label in sealed.IN_USE and "test" in labels[max(place - lags, 0) : place]
    ]
    whole = series_table({"a": labels}, lags)
    if not reaching:
        sealed.seal(whole, lags)
        return
    row = whole["row"].iloc[reaching[0]]
    with pytest.raises(DataError) as caught:
        sealed.seal(whole, lags)
    message = str(caught.value)
    assert message.startswith(f"row '{row}' is {labels[reaching[0]]} in data.splits.a and has")
    assert f"among its {lags} lags; put the test after it" in message


def test_the_lags_of_one_series_do_not_reach_another() -> None:
    one = series_table({"a": ["train", "test", "test"]}, 2)
    other = series_table({"a": ["train"] * 3}, 2).assign(entity="b", row=["x", "y", "z"])
    both = pd.concat([one, other], ignore_index=True).sort_values("time", ignore_index=True)
    open_, kept = sealed.seal(both, 2)
    assert set(open_["row"]) == {one["row"][0], "x", "y", "z"}
    assert set(kept["row"]) == set(one["row"][1:])


@pytest.mark.parametrize("use", ["train", "validation"])
def test_a_row_that_is_test_here_and_in_use_there_is_refused_by_row_and_splits(use: str) -> None:
    whole = series_table({"a": ["train", "test"], "b": ["train", use]}, 1)
    with pytest.raises(DataError) as caught:
        sealed.seal(whole, 1)
    row = whole["row"].iloc[1]
    assert f"row '{row}' is test in data.splits.a and {use} in data.splits.b;" in str(caught.value)


def test_a_row_that_is_test_here_and_unused_there_is_sealed_for_all() -> None:
    whole = series_table({"a": ["train", "test"], "b": ["train", "unused"]}, 1)
    open_, kept = sealed.seal(whole, 1)
    assert (len(open_), len(kept)) == (1, 1)


def test_without_lags_a_test_row_stays_open_with_its_target_missing() -> None:
    whole = series_table({"a": ["train", "validation", "test"]}, 1)
    open_, kept = sealed.seal(whole, 0)
    pd.testing.assert_frame_equal(open_.drop(columns="target"), whole.drop(columns="target"))
    assert open_["target"].isna().tolist() == [False, False, True]
    pd.testing.assert_frame_equal(kept, whole.iloc[2:])


def test_without_test_rows_everything_is_open() -> None:
    whole = series_table({"a": ["train", "validation", "unused"]}, 2)
    open_, kept = sealed.seal(whole, 2)
    pd.testing.assert_frame_equal(open_, whole)
    assert kept.empty


def test_sealing_changes_nothing_in_what_it_is_given() -> None:
    whole = series_table({"a": ["train", "test"]}, 1)
    before = whole.copy()
    sealed.seal(whole, 0)
    pd.testing.assert_frame_equal(whole, before)


# The embedded data sets, prepared twice: as they are, and with other targets


def raw_copy(root: Path, data: str) -> Path:
    source = ROOT / "data" / data / FILES[data]
    copied = root / "data" / data / source.name
    copied.parent.mkdir(parents=True)
    copied.write_bytes(source.read_bytes())
    return copied


def prepare(root: Path, data: str) -> tuple[bytes, bytes]:
    """Prepare as the pipeline does; the bytes of the open table and of the sealed one."""
    section = compose(ROOT, [f"data={data}"])["data"]
    made: Any = build(section, "data")
    sealed.write(made.prepare(root), made.feature_lookback, root, data, preparation(section))
    return prepared_path(root, data).read_bytes(), sealed_path(root, data).read_bytes()


def change(file: Path, changed: Any) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(changed(line) for line in lines) + "\n", encoding="utf-8")


def other_views(first: str, last: str) -> Any:
    def changed(line: str) -> str:
        date, views = line.split(",")
        return f"{date},{int(views) + 777}" if first <= date <= last else line

    return changed


def other_minutes(row: str) -> Any:
    course, lecture = row.split("/")

    def changed(line: str) -> str:
        if not line.startswith(f"{course},{lecture},"):
            return line
        before, _, *sources = line.rsplit(",", 3)
        return ",".join([before, "61", *sources])

    return changed


@pytest.mark.parametrize(
    ("data", "changed"),
    [
        ("channel", other_views("2021-02-15", "2021-03-31")),
        ("channel", other_views("2021-03-31", "2021-03-31")),
        ("lectures", other_minutes("GenAI-ML-2025/5")),
    ],
    ids=["every test day", "one test day", "the test lecture"],
)
def test_the_open_table_is_the_same_bytes_whatever_the_test_targets_are(
    tmp_path: Path, data: str, changed: Any
) -> None:
    file = raw_copy(tmp_path, data)
    before = prepare(tmp_path, data)
    text = file.read_text(encoding="utf-8")
    change(file, changed)
    assert file.read_text(encoding="utf-8") != text
    after = prepare(tmp_path, data)
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize(
    ("data", "changed"),
    [
        ("channel", other_views("2021-02-14", "2021-02-14")),
        ("lectures", other_minutes("GenAI-ML-2025/6")),
    ],
)
def test_the_open_table_is_other_bytes_where_a_validation_target_is_another(
    tmp_path: Path, data: str, changed: Any
) -> None:
    file = raw_copy(tmp_path, data)
    before = prepare(tmp_path, data)
    change(file, changed)
    assert prepare(tmp_path, data)[0] != before[0]


@pytest.mark.parametrize(
    ("data", "split", "counts", "kept"),
    [
        ("channel", "lecture", {"train": 1405, "validation": 45}, 45),
        ("channel", "year", {"train": 886, "validation": 366, "unused": 198}, 45),
        ("lectures", "within", {"train": 12, "validation": 5, "test": 1, "unused": 8}, 1),
    ],
)
def test_the_embedded_data_are_split_as_stated(
    tmp_path: Path, data: str, split: str, counts: dict[str, int], kept: int
) -> None:
    raw_copy(tmp_path, data)
    prepare(tmp_path, data)
    open_ = pd.read_parquet(prepared_path(tmp_path, data))
    assert open_[f"split_{split}"].value_counts().to_dict() == counts
    assert len(pd.read_parquet(sealed_path(tmp_path, data))) == kept


def test_no_stage_depends_on_the_sealed_rows() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    reading = {name: [str(dep) for dep in stage["deps"]] for name, stage in stages.items()}
    assert not [name for name, deps in reading.items() if any("sealed" in dep for dep in deps)]
    assert not [name for name, deps in reading.items() if {"build", "."} & set(deps)]
    assert "build/sealed/${item.data}.parquet" in stages["prepare"]["outs"]


# On disk


def test_the_sealed_rows_are_read_back_as_they_were(tmp_path: Path) -> None:
    whole = series_table({"a": ["train", "test", "test"]}, 1)
    sealed.write(whole, 1, tmp_path, "channel", "id")
    pd.testing.assert_frame_equal(
        sealed.read(tmp_path, "channel", "id"), whole.iloc[1:].reset_index(drop=True)
    )
    with pytest.raises(DataError, match="prepared with other settings"):
        sealed.read(tmp_path, "channel", "another")


def test_sealed_rows_that_were_never_prepared_are_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dvc repro prepare@channel"):
        sealed.read(tmp_path, "channel", "id")


def test_a_refused_table_writes_nothing(tmp_path: Path) -> None:
    whole = series_table({"a": ["test", "train"]}, 1)
    with pytest.raises(DataError):
        sealed.write(whole, 1, tmp_path, "channel", "id")
    assert list(tmp_path.iterdir()) == []
