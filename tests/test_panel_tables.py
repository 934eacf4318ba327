"""The prepared tables of a panel: written part by part, sealed, and read back in one copy."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.panels import panel_of, random_panel, task_of, written
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.paths import prepared_path, sealed_path
from viewcast.base.settings import build
from viewcast.data import sealed, stored, table
from viewcast.data.panel import prepared, videos
from viewcast.data.panel.panel import Panel
from viewcast.data.preparation import preparation

SPLIT = {
    **{"task": asdict(task_of()), "new": "days", "cluster": "entity", "folds": 3, "seed": 1},
    **{"validation": [0], "test": [1], "validation_spans": 1, "test_spans": 1},
}


def section(**changed: Any) -> dict[str, Any]:
    """A data set of two tasks: ``next``, two days; ``long``, twenty days."""
    long = {**SPLIT, "task": {**asdict(task_of()), "horizon": 20, "asked": "sum"}}
    plain = {
        "_target_": "viewcast.data.panel.videos.Videos",
        "reader": {"_target_": "support.panels.Table", "file": "panel.csv"},
        **{"name": "videos", "label": "videos", "raw": "data/videos", "unit": "log views"},
        **{"block": 1, "split": "next", "splits": {"next": SPLIT, "long": long}},
        "features": {"all": ["lag_*", "same_day_*"]},
    }
    return {**plain, **changed}


@pytest.fixture
def panel() -> Panel:
    return random_panel(3, 8, 40, "age")


@pytest.fixture
def root(tmp_path: Path, panel: Panel) -> Path:
    written(panel, tmp_path / "data" / "videos")
    return tmp_path


def bytes_of(root: Path, part: str = "next") -> tuple[bytes, bytes]:
    places = (prepared_path(root, "videos", part), sealed_path(root, "videos", part))
    return places[0].read_bytes(), places[1].read_bytes()


def other_views(root: Path, panel: Panel, ago: range, by: int = 5) -> None:
    """Write the panel anew with other views of the days that lie so long before each last one."""
    views = panel.views.copy()
    for last in panel.starts[1:]:
        views[last - ago.stop : last - ago.start] += by
    written(Panel(panel.videos, views, panel.starts, panel.clock), root / "data" / "videos")


def test_the_tables_hold_every_used_row_once_and_the_test_rows_are_sealed(root: Path) -> None:
    prepared.write(section(), root, root)
    identity = preparation(section())
    open_ = table.read(prepared_path(root, "videos", "next"), identity, "videos")
    kept = sealed.read(root, "videos", identity, "next")
    assert set(open_["split_next"]) == {"train", "validation"}
    assert set(kept["split_next"]) == {"test"}
    whole = build(section(), "data").prepare(root)
    together = pd.concat([open_, kept]).set_index("row").loc[whole["row"]].reset_index()
    pd.testing.assert_frame_equal(together, whole)
    assert not whole["row"].duplicated().any()
    assert table.target_columns(whole.columns) == ["target_1", "target_2"]
    assert set(whole[table.feature_columns(whole.columns)].dtypes) == {np.dtype("float32")}


def test_no_byte_of_the_open_tables_depends_on_what_the_test_asks(root: Path, panel: Panel) -> None:
    short = section(splits={"next": SPLIT})
    prepared.write(short, root, root)
    before = bytes_of(root)
    other_views(root, panel, range(2))  # the test is the last two days of each video
    prepared.write(short, root, root)
    after = bytes_of(root)
    assert after[0] == before[0]
    assert after[1] != before[1]
    other_views(root, panel, range(2, 3))  # the last day that validation asks
    prepared.write(short, root, root)
    assert bytes_of(root)[0] != before[0]


def test_how_many_videos_are_in_memory_at_a_time_decides_no_cell(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared.write(section(), root, root)
    path, identity = prepared_path(root, "videos", "next"), preparation(section())
    whole = table.read(path, identity, "videos")
    monkeypatch.setattr(videos, "AT_ONCE", 1)
    prepared.write(section(), root, root)
    pd.testing.assert_frame_equal(table.read(path, identity, "videos"), whole)


def test_rows_and_columns_are_picked_as_pandas_picks_them_and_lie_in_one_block(root: Path) -> None:
    prepared.write(section(), root, root)
    path = prepared_path(root, "videos", "next")
    whole = pd.read_parquet(path)
    where = ("split_next", ["validation"])
    found = stored.read(path, ["entity", "target_2", "lag_1", "lag_3"], where)
    expected = whole.loc[whole["split_next"] == "validation", list(found)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    lags = found.loc[:, "lag_1":"lag_3"].to_numpy()  # type: ignore[misc]  # names, not places
    assert np.shares_memory(lags, found["lag_3"].to_numpy())
    assert stored.read(path, ["lag_2"]).equals(whole[["lag_2"]])
    assert stored.read(path, ["row", "lag_2"], ("split_next", ["test"])).empty


def test_each_split_has_an_identity_of_its_own_that_the_others_do_not_change() -> None:
    other = section(splits={**section()["splits"], "long": {**SPLIT, "seed": 9}})
    assert preparation(other) == preparation(section())
    told = {**SPLIT, "cluster": "both", "published": {"naive": None}}
    assert preparation(section(splits={"next": told})) == preparation(section())
    for changed in ({"seed": 9}, {"task": {**SPLIT["task"], "window": 8}}):
        assert preparation(section(splits={"next": {**SPLIT, **changed}})) != preparation(section())
    assert preparation(section(reader={"file": "b.csv"})) != preparation(section())


def test_a_split_that_the_panel_is_too_short_for_has_no_table_and_that_is_told(
    tmp_path: Path,
) -> None:
    written(panel_of({"a": range(20), "b": range(21)}), tmp_path / "data" / "videos")
    notes = prepared.write(section(), tmp_path, tmp_path)
    assert notes[0] == "next: 17 rows train, 2 validate, 2 are the sealed test"
    assert notes[1].startswith(
        "long: no table; data.splits.long: no video of data/videos has a row"
    )
    assert notes[1].endswith("found 0 long enough, and the longest has 21 days")
    assert not prepared_path(tmp_path, "videos", "long").exists()
    with pytest.raises(DataError, match=r"long\.parquet: not prepared yet; type `dvc repro prep"):
        table.read(prepared_path(tmp_path, "videos", "long"), "id", "videos")


def test_videos_that_may_be_older_than_the_panel_are_said_to_lack_their_first_days() -> None:
    start = {**asdict(task_of()), "moments": "start"}
    spans = {"new": "videos", "validation_spans": None, "test_spans": None}
    data = build(section(splits={"next": {**SPLIT, "task": start, **spans}}), "data")
    for clock, message in (("calendar", "on the first day of all"), ("age", "at an age above 1")):
        panel = panel_of({"a": range(30), "b": range(30)}, clock, {"a": 9, "b": 9})
        with pytest.raises(DataError, match=f"long enough begin {message}: their first days are"):
            list(data.frames(panel, "next"))


def test_where_the_chosen_split_has_no_row_to_train_on_nothing_is_replaced(root: Path) -> None:
    prepared.write(section(), root, root)
    before = bytes_of(root)
    written(panel_of({"a": range(9)}), root / "data" / "videos")
    with pytest.raises(DataError, match=r"data\.splits\.next: .* expected 13 days of a video"):
        prepared.write(section(), root, root)
    assert bytes_of(root) == before


def test_the_table_of_a_split_that_is_no_more_goes_and_a_foreign_file_stays(root: Path) -> None:
    prepared.write(section(), root, root)
    folder = prepared_path(root, "videos")
    prepared.write(section(splits={"next": SPLIT}), root, root)
    assert sorted(path.name for path in folder.glob("*.parquet")) == ["next.parquet"]
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds mine\.txt, which no prepared tables"):
        prepared.write(section(), root, root)
    assert (folder / "mine.txt").read_text() == "mine"


def test_what_comes_next_has_the_features_of_the_table_and_no_target(root: Path) -> None:
    data = build(section(), "data")
    panel, whole = data.panel(root), data.prepare(root)
    newest = data.newest(panel, "next")
    assert set(whole) - set(newest) == {"target_1", "target_2", "split_next"}
    assert (panel.days >= 7).sum() == len(newest)
    one = newest.iloc[0]
    views = panel.of(int(np.flatnonzero(panel.videos["video"] == one["entity"])[0]))
    assert one["time"] == len(views) + 1
    assert np.expm1(one["lag_1"] + one["size"]) == pytest.approx(views[-1], rel=1e-4)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"split": "weak"}, "split = weak is not one of data.splits; allowed: next, long"),
        ({"reader": {"file": "panel.csv"}}, "data.reader has no _target_; expected"),
        (
            {"reader": {"_target_": "support.panels.Table", "fle": ""}},
            "unknown key data.reader.fle",
        ),
        ({"block": 7}, "data.block = 7"),
    ],
)
def test_impossible_settings_are_refused_by_their_key(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build(section(**changed), "data")


def test_a_pattern_may_find_nothing_in_a_set_of_the_data_but_the_set_may_not() -> None:
    sets = {"all": ["lag_*", "weekday_*"], "none": ["weekday_*"]}
    columns = ["lag_1", "lag_2", "size"]
    assert table.select("all", sets, columns) == ["lag_1", "lag_2"]
    with pytest.raises(ConfigError, match=r"model\.features = none: no column of the data is like"):
        table.select("none", sets, columns)
    with pytest.raises(ConfigError, match=r"no column of the data is like week\*; allowed: lag_1"):
        table.select(["lag_1", "week*"], sets, columns)
