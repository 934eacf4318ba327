"""The simulator's clock and the folder of exports, as sources of days."""

import gzip
import os
import shutil
import time
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, DataError, SourceError
from viewcast.base.settings import build
from viewcast.data.sources.simulator import Simulator
from viewcast.data.sources.source import notes_of
from viewcast.data.sources.studio import StudioFolder


def simulator() -> Simulator:
    source: Simulator = build(compose(REPOSITORY, [], "retrain")["source"], "source")
    return source


def studio(folder: Path, metric: str = "views") -> StudioFolder:
    zone = "America/Los_Angeles"
    return StudioFolder("a channel", zone, str(folder), metric, None, False, 3, "youtube")


def export(folder: Path, first: str, views: list[int], changed: int = 0) -> Path:
    """A dropped export of consecutive days; ``changed``: seconds since 1970."""
    folder.mkdir(parents=True)
    days = pd.date_range(first, periods=len(views)).strftime("%Y-%m-%d")
    rows = [f"{day},{count}" for day, count in zip(days, views, strict=True)]
    (folder / "Totals.csv").write_text("\n".join(["Date,Views", *rows, ""]))
    os.utime(folder / "Totals.csv", (changed, changed))
    return folder


def test_the_simulated_channel_knows_every_day_before_today() -> None:
    days = simulator().fetch(REPOSITORY, None, date(2021, 3, 1))
    assert (days.index[0], days.index[-1]) == (pd.Timestamp(2017, 1, 1), pd.Timestamp(2021, 2, 28))
    known = pd.read_csv(REPOSITORY / "data/channel/simulated_daily_views.csv", index_col="date")
    assert days["views"].tolist() == known.loc[:"2021-02-28", "views"].tolist()


def test_a_later_clock_only_adds_days() -> None:
    before, after = (simulator().fetch(REPOSITORY, None, date(2021, 3, d)) for d in (1, 9))
    pd.testing.assert_frame_equal(after.iloc[:-8], before, check_freq=False)


def test_only_the_days_asked_for_are_delivered() -> None:
    days = simulator().fetch(REPOSITORY, date(2021, 2, 20), date(2021, 3, 1))
    assert len(days) == 9


def test_the_label_of_the_simulated_channel_says_that_it_is_simulated() -> None:
    assert "simulated" in simulator().label


def test_exports_that_overlap_are_one_series_and_the_one_that_reaches_furthest_is_right(
    tmp_path: Path,
) -> None:
    export(tmp_path / "b", "2021-01-01", [10, 11, 12])
    export(tmp_path / "a", "2021-01-03", [99, 13, 14])
    days = studio(tmp_path).fetch(tmp_path, None, date(2021, 2, 1))
    assert days["views"].tolist() == [10, 11, 99, 13, 14]


def test_of_exports_that_reach_as_far_the_one_changed_last_is_right(tmp_path: Path) -> None:
    export(tmp_path / "a", "2021-01-01", [1, 2, 3], changed=200)
    export(tmp_path / "b", "2021-01-02", [8, 9], changed=100)
    assert studio(tmp_path).fetch(tmp_path, None, date(2021, 2, 1))["views"].tolist() == [1, 2, 3]
    os.utime(tmp_path / "b" / "Totals.csv", (300, 300))
    assert studio(tmp_path).fetch(tmp_path, None, date(2021, 2, 1))["views"].tolist() == [1, 8, 9]


def test_an_export_is_replayed_day_by_day_by_the_clock(tmp_path: Path) -> None:
    folder = export(tmp_path / "drop", "2021-01-01", [10, 11, 12, 13])
    days = studio(folder).fetch(tmp_path, date(2021, 1, 2), date(2021, 1, 4))
    assert days["views"].tolist() == [11, 12]


def test_a_folder_under_the_project_is_found(tmp_path: Path) -> None:
    export(tmp_path / "drop" / "march", "2021-01-01", [10, 11])
    days = studio(Path("drop")).fetch(tmp_path, None, date(2021, 2, 1))
    assert days["views"].tolist() == [10, 11]


def test_a_folder_that_is_not_there_is_a_source_that_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder; make it and put an export into it"):
        studio(tmp_path / "none").fetch(tmp_path, None, date(2021, 2, 1))


def test_an_empty_folder_and_a_broken_export_are_refused(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    with pytest.raises(DataError, match="found no CSV file"):
        studio(tmp_path / "drop").fetch(tmp_path, None, date(2021, 2, 1))
    folder = export(tmp_path / "drop" / "march", "2021-01-01", [10, 11])
    (folder / "Totals.csv").write_text("Date,Views\n2021-01-01,x\n2021-01-02,3\n2021-01-03,4\n")
    with pytest.raises(DataError, match=r"Totals\.csv, line 2, column 'Views'"):
        studio(tmp_path / "drop").fetch(tmp_path, None, date(2021, 2, 1))


@pytest.mark.parametrize(
    ("folder", "days", "total"),
    [("codingtrain-2021", 365, 15503810), ("wholebrainhealth-2020-2022", 803, None)],
)
def test_real_exports_are_sources(shared: Path, folder: str, days: int, total: int | None) -> None:
    found = studio(shared / "data" / "studio" / folder).fetch(shared, None, date(2023, 1, 1))
    assert len(found) == days
    if total is not None:
        assert found["views"].sum() == total


def test_exports_of_two_channels_in_one_folder_are_refused(tmp_path: Path) -> None:
    export(tmp_path / "mine", "2021-01-01", [*range(100, 120)])
    export(tmp_path / "other", "2021-01-11", [*range(900, 911)])
    with pytest.raises(DataError, match=r"differ on 7 of 7 days in common .* two channels\?"):
        studio(tmp_path).fetch(tmp_path, None, date(2021, 2, 1))


def test_a_day_that_the_newest_export_lacks_comes_from_an_older_one(tmp_path: Path) -> None:
    export(tmp_path / "a", "2021-01-01", [10, 11, 12, 13])
    newer = export(tmp_path / "b", "2021-01-01", [10, 11, 12, 13, 14])
    text = (newer / "Totals.csv").read_text().replace("2021-01-03,12\n", "")
    (newer / "Totals.csv").write_text(text)
    days = studio(tmp_path).fetch(tmp_path, None, date(2021, 2, 1))
    assert days["views"].tolist() == [10, 11, 12, 13, 14]
    assert notes_of(days)[0].endswith("lacks come from an older export: 2021-01-03")


def test_loose_files_are_an_export_beside_the_zips(tmp_path: Path) -> None:
    export(tmp_path / "drop", "2021-01-01", [10, 11, 12])
    (tmp_path / "drop" / "Totals (1).csv").write_text("Date,Views\n2021-01-03,12\n2021-01-04,13\n")
    with zipfile.ZipFile(tmp_path / "drop" / "new.zip", "w") as packed:
        packed.writestr("Totals.csv", "Date,Views\n2021-01-04,13\n2021-01-05,14\n")
    days = studio(tmp_path / "drop").fetch(tmp_path, None, date(2021, 2, 1))
    assert days["views"].tolist() == [10, 11, 12, 13, 14]


def test_a_zip_that_is_not_complete_yet_is_left_out_and_told(tmp_path: Path) -> None:
    half = tmp_path / "drop" / "b.zip"
    export(tmp_path / "drop" / "a", "2021-01-01", [10, 11, 12])
    half.write_bytes(b"PK\x03\x04 half")
    os.utime(half, (time.time(),) * 2)  # a disk may have a clock of its own
    days = studio(tmp_path / "drop").fetch(tmp_path, None, date(2021, 2, 1))
    assert days["views"].tolist() == [10, 11, 12]
    assert notes_of(days)[0] == (
        f"{half} is not complete yet and was left out: not a complete zip file, its end is missing"
    )
    shutil.rmtree(tmp_path / "drop" / "a")
    with pytest.raises(SourceError, match=r"b\.zip is not complete yet"):
        studio(tmp_path / "drop").fetch(tmp_path, None, date(2021, 2, 1))


def test_a_daily_series_of_another_site_is_a_source(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "pageviews.csv").write_text("Date,Cats\n20210101,5\n20210102,6\n20210103,7\n")
    chosen = ["source=daily", f"source.folder={drop}", "data.metric=Cats"]
    source = build(compose(REPOSITORY, chosen, "retrain")["source"], "source")
    assert isinstance(source, StudioFolder)
    assert source.fetch(tmp_path, None, date(2021, 1, 4))["views"].tolist() == [5, 6, 7]
    assert (source.settle_days, source.site) == (0, None)


COUNTERS = """date_utc,channel_id,subscribers,views
2026-01-17,UCa,10,1000
2026-01-17,UCb,70,50
2026-01-18,UCa,11,1005
2026-01-20,UCa,11,1012
2026-01-21,UCa,11,1002
2026-01-22,UCa,12,1009
"""


def test_days_of_a_counter_are_its_differences(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "counters.csv.gz").write_bytes(gzip.compress(COUNTERS.encode()))
    read = replace(studio(drop), channel="UCa", cumulative=True)
    days = read.fetch(tmp_path, None, date(2026, 2, 1))
    assert days["views"].tolist() == [5, 3, 4, 7]
    assert [f"{day:%d}" for day in days.index] == ["18", "19", "20", "22"]
    told = " ".join(notes_of(days))
    assert "was not read on 2026-01-19" in told
    assert "taken back on 2026-01-21" in told
    with pytest.raises(
        DataError, match=r"data\.channel=<word>, where 'channel_id' holds 'UCa', 'UCb'"
    ):
        studio(drop).fetch(tmp_path, None, date(2026, 2, 1))
    with pytest.raises(
        ConfigError, match=r"found no channel 'UCc'; 'channel_id' holds 'UCa', 'UCb'"
    ):
        replace(read, channel="UCc").fetch(tmp_path, None, date(2026, 2, 1))


def test_real_counters_are_sources(shared: Path) -> None:
    """227 channels; on some days views are taken back, on some the counter was not read."""
    file = shared / "data" / "api" / "channels_cumulative_daily_2026.csv.gz"
    read = replace(studio(file), channel="UCJy0lX8ThZ7lCtst7JnegWQ", cumulative=True)
    days = read.fetch(shared, None, date(2026, 11, 1))
    assert len(days) > 20
    assert days["views"].between(1, 10_000_000).all()


def test_a_zone_that_is_none_is_refused() -> None:
    section = compose(REPOSITORY, ["source.timezone=Mars/Olympus"], "retrain")["source"]
    with pytest.raises(
        ConfigError, match=r"source\.timezone = 'Mars/Olympus': expected a time zone"
    ):
        build(section, "source")
