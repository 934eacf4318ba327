"""Real exports and deliveries that once broke something, each with the right value of its README.

Those of machines and servers are tested where these are; that of a panel in `test_panel_import.py`.
"""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from support.nights import composed
from support.project import REPOSITORY
from support.shared import laid, shared
from viewcast.base.cli import compose
from viewcast.base.errors import DataError, ViewcastError
from viewcast.base.files import write
from viewcast.base.paths import LIVE, days_path, refused_path
from viewcast.base.settings import build
from viewcast.data.export import Wanted
from viewcast.data.import_export import import_export
from viewcast.data.live import DAILY, as_csv
from viewcast.data.sources.source import notes_of
from viewcast.data.sources.studio import StudioFolder
from viewcast.data.studio import read_whole
from viewcast.data.views import Studio
from viewcast.retraining.refresh import RefusedError, fetch_new_days, refuse_what_was_left_out
from viewcast.retraining.settings import Settings

TODAY = date(2026, 11, 27)
WHOLE = (200, "2026-05-01", "2026-11-16", 212472)  # days, first, last, views
Drop = Callable[[str], Path]
LANGUAGES = [f"25-lang-{number:02}" for number in range(16)]


@pytest.fixture
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    """The folder of exports of a case, none of which anybody is still writing."""
    return lambda case: laid(f"cases/{case}/drop", tmp_path_factory.mktemp("case") / "drop")


def delivered(folder: Path, metric: str = "views") -> pd.DataFrame:
    """What a night gets of a folder."""
    zone = "America/Los_Angeles"
    source = StudioFolder("a channel", zone, str(folder), metric, None, False, 3, "youtube")
    return source.fetch(folder, None, TODAY)


def shape(views: pd.Series) -> tuple[int, str, str, float]:
    ends = [f"{day:%Y-%m-%d}" for day in views.index[[0, -1]]]
    return len(views), ends[0], ends[1], views.sum()


def told(folder: Path) -> str:
    return "\n".join(notes_of(delivered(folder)))


@pytest.mark.parametrize(
    ("case", "metric", "right"),
    [
        ("02-two-loose-csv", "views", WHOLE),
        ("03-half-uploaded-zip", "views", (190, "2026-05-01", "2026-11-06", 202015)),
        ("05-newest-days-zero", "views", (198, "2026-05-01", "2026-11-14", 210413)),
        ("08-hole-in-newer", "views", WHOLE),
        ("10-crlf-tsv", "views", WHOLE),
        ("11-meta-utf16", "Page reach", WHOLE),
        ("13-wikipedia", "Cats", WHOLE),
        ("15-blank-before-start", "views", (170, "2026-05-31", "2026-11-16", 180546)),
        ("16-month-names", "views", WHOLE),
        ("17-indian-grouping", "views", (200, "2026-05-01", "2026-11-16", 31870800)),
        ("22-macos-zip", "views", WHOLE),
        *((case, "views", WHOLE) for case in LANGUAGES),
        ("26-loose-beside-zips", "views", WHOLE),
        ("31-negative-day", "views", (199, "2026-05-01", "2026-11-16", 211463)),
        ("35-views-and-engaged-by-date", "views", WHOLE),
    ],
)
def test_a_night_reads(
    drop: Drop, case: str, metric: str, right: tuple[int, str, str, float]
) -> None:
    assert shape(delivered(drop(case), metric)["views"]) == right


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("03-half-uploaded-zip", "b.zip: not a complete zip file, its end is missing"),
        ("05-newest-days-zero", "newest days with 0 are not counted yet: 2026-11-15 to 2026-11-16"),
        ("08-hole-in-newer", "lacks come from an older export: 2026-09-28"),
        ("15-blank-before-start", "days without a figure were left out: 2026-05-01 to 2026-05-30"),
        ("31-negative-day", "figures below 0 count as missing, views were taken back: 2026-09-28"),
    ],
)
def test_a_night_tells(drop: Drop, case: str, words: str) -> None:
    assert words in told(drop(case))


def test_a_night_waits_for_an_upload_that_goes_on(drop: Drop) -> None:
    folder = drop("03-half-uploaded-zip")
    os.utime(folder / "b.zip", (time.time(),) * 2)
    assert "b.zip is not complete yet and was left out" in told(folder)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("04-half-written-csv", "found '9' and no end of the line, below '1117'"),
        ("06-weekly-table", "found one row per week, expected one per day; choose Day in YouTube"),
        ("07-metric-engaged", "found no column that is called views in a language known here"),
        ("07-metric-percent", "found no column that is called views in a language known here"),
        ("07-metric-subscribers", "found no column that is called views in a language known here"),
        ("21-top-500-by-date", "has cut this table ('Showing top 500 results')"),
        ("23-zip-two-channels", "differ on 187 of 187 days in common"),
        ("28-splice", "do they come from two channels?"),
        ("33-cut-in-date", "found 1 fields, expected 2, and no end of the line"),
        ("37-wrong-channel-28-days", "do they come from two channels?"),
    ],
)
def test_a_night_and_an_import_refuse(drop: Drop, case: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ViewcastError) as night:
        delivered(drop(case))
    assert words in str(night.value)
    with pytest.raises(DataError):
        import_export(drop(case), tmp_path / "data" / "x", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_import_of_the_last_28_days_names_the_least_before_it_writes(tmp_path: Path) -> None:
    export = shared("cases/01-default-28-days") / "Totals.csv"
    data: Studio = build(compose(REPOSITORY, ["data=studio"])["data"], "data", Studio)
    with pytest.raises(DataError, match="found 28 days, expected at least 147"):
        import_export(export, tmp_path / "data" / "x", tmp_path, data.wanted, data.min_days)
    assert not list(tmp_path.iterdir())


def test_a_day_of_another_site_is_a_day_as_it_is_written_there(drop: Drop) -> None:
    folder = drop("11-meta-utf16") / "new"
    assert shape(read_whole(folder, Wanted("Page reach")).views) == WHOLE
    with pytest.raises(DataError, match="but 'Page reach'"):
        read_whole(folder, Wanted())


def test_a_bridged_negative_day_makes_an_import_of_200_days(drop: Drop) -> None:
    whole = read_whole(drop("31-negative-day") / "new", Wanted())
    assert shape(whole.views) == (200, "2026-05-01", "2026-11-16", 212489)


@pytest.mark.parametrize(
    "case", ["02-two-loose-csv", "08-hole-in-newer", "26-loose-beside-zips", "31-negative-day"]
)
def test_what_an_import_copies_is_read_the_same_whatever_times_the_files_have(
    drop: Drop, case: str, tmp_path: Path
) -> None:
    into = tmp_path / "data" / "x"
    imported = import_export(drop(case), into, tmp_path)
    for file in into.iterdir():
        os.utime(file, (0, 0))
    pd.testing.assert_series_equal(read_whole(into, Wanted()).views, imported.views)


def test_the_newer_of_two_downloads_is_right_in_whichever_order_they_lie(
    drop: Drop, tmp_path: Path
) -> None:
    for name in ("Totals.csv", "Totals (1).csv"):
        shutil.copy(drop("02-two-loose-csv") / name, tmp_path / name)
    (tmp_path / "Totals.csv").rename(tmp_path / "z.csv")
    assert shape(delivered(tmp_path)["views"]) == WHOLE


@pytest.fixture
def night(drop: Drop, tmp_path: Path) -> Settings:
    """A night of case 37 after own.zip was taken in, with a folder that the test may fill."""
    folder = tmp_path / "drop"
    shutil.copytree(drop("37-wrong-channel-28-days"), folder)
    zone = "America/Los_Angeles"
    source = StudioFolder("a channel", zone, str(folder), "views", None, False, 3, "youtube")
    write(days_path(tmp_path, LIVE) / DAILY, as_csv(read_own(folder).to_frame("views")))
    return replace(Settings.parse(composed(())), source=source)


def read_own(folder: Path) -> pd.Series:
    return read_whole(folder / "own.zip", Wanted()).views


def test_a_night_leaves_another_channel_out_and_refuses_where_nothing_else_is_new(
    night: Settings, tmp_path: Path
) -> None:
    today = date(2026, 11, 21)
    new = fetch_new_days(night, tmp_path, today)
    assert not new.merged.changed
    with pytest.raises(RefusedError, match=r"other-channel\.zip/Totals\.csv: is it another chan"):
        refuse_what_was_left_out(new, today, tmp_path, LIVE)
    assert len(list(refused_path(tmp_path, LIVE).iterdir())) == 1


def test_a_night_goes_on_with_the_channels_own_export_beside_that_of_another(
    night: Settings, tmp_path: Path
) -> None:
    more = read_own(tmp_path / "drop")
    rows = [f"{day:%Y-%m-%d},{count:.0f}" for day, count in more.items()]
    text = "\n".join(["Date,Views", *rows, "2026-11-17,951", ""])
    (tmp_path / "drop" / "Totals.csv").write_text(text)
    new = fetch_new_days(night, tmp_path, date(2026, 11, 21))
    assert (new.merged.added, new.merged.corrected) == (["2026-11-17"], [])
    assert new.merged.series["views"].iloc[-1] == 951
    assert "other-channel.zip" in new.merged.notes[0]
