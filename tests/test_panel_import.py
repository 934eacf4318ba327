"""Tables of many videos: wide ones, what a table is by its columns, and how one is imported."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.panels import by_video, long, panel_of, task_of
from support.shared import shared
from viewcast.base.errors import ConfigError, DataError
from viewcast.data.panel import importing
from viewcast.data.panel.held_out import PanelSplit
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers.wide import Wide
from viewcast.data.panel.sniff import Understood, understand

WEEK = ",".join(f"day{d}" for d in range(1, 8))
WIDE = f"id,genre,{WEEK}\na,NA,1,2,3,4,5,6,7\nb,Music,7,,5,4,,,\n"


def saved(folder: Path, text: str, name: str = "panel.csv") -> Path:
    (folder / name).write_text(text)
    return folder


def of_wide(folder: Path, text: str, **changed: Any) -> Panel:
    """The panel of a wide CSV file with this text."""
    keys = {"file": None, "video": "id", "category": "genre", "days": r"day(\d+)", "clock": "age"}
    return Wide(**{**keys, **changed}).read(saved(folder, text))


def of_understood(source: Path) -> Panel:
    """The panel of a long table, by the reader that its columns tell of."""
    found = understand(source)
    assert found.reader == "long"
    return long(**found.settings).read(source)


def test_a_wide_row_ends_with_its_last_filled_day(tmp_path: Path) -> None:
    panel = of_wide(tmp_path, WIDE)
    assert panel.days.tolist() == [7, 4]
    np.testing.assert_array_equal(panel.of(1), np.array([7, np.nan, 5, 4], np.float32))


def test_columns_of_days_are_taken_by_their_number_not_by_their_place(tmp_path: Path) -> None:
    panel = of_wide(tmp_path, "id,day10,day9\na,2,1\n", category=None)
    assert by_video(panel) == {"a": [1, 2]}
    assert panel.videos["first"].tolist() == [9]


def test_the_category_na_of_a_wide_table_is_a_word(tmp_path: Path) -> None:
    assert of_wide(tmp_path, WIDE).videos["category"].tolist() == ["NA", "Music"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"video": "name"}, "has no column 'name'; found .'id', 'genre', 'day1'"),
        ({"days": r"age(\d+)"}, "has no columns of days like age"),
        ({"file": "other.csv"}, r"other\.csv: no such file"),
    ],
)
def test_a_wide_table_without_what_is_named_is_refused(
    tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        of_wide(tmp_path, WIDE, **changed)


@pytest.mark.parametrize("cell", ["many", "-1"])
def test_what_is_no_count_in_a_wide_table_is_refused_by_row_and_column(
    tmp_path: Path, cell: str
) -> None:
    with pytest.raises(DataError, match=rf"panel\.csv, row 3, column 'day2': found '{cell}'"):
        of_wide(tmp_path, f"id,day1,day2\na,1,2\nb,1,{cell}\n", category=None)


@pytest.mark.parametrize("name", ["a", ""])
def test_a_video_in_two_rows_or_without_a_name_is_refused_in_a_wide_table(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(DataError, match=rf"panel\.csv, row 3, column 'id': found '{name}'"):
        of_wide(tmp_path, f"id,day1,day2\na,1,2\n{name},3,4\n", category=None)


def test_a_wide_table_without_a_column_for_one_of_its_days_is_refused(tmp_path: Path) -> None:
    message = "found columns of 2 days from 1 to 3, expected one for each of these days"
    with pytest.raises(DataError, match=message):
        of_wide(tmp_path, "id,day1,day3\na,1,2\n", category=None)


def test_names_of_a_wide_table_are_read_as_they_are_written(tmp_path: Path) -> None:
    panel = of_wide(tmp_path, "id,day1,day2\n007,1,2\n7,3,4\n", category=None)
    assert by_video(panel) == {"007": [1, 2], "7": [3, 4]}


def test_a_column_for_each_of_seven_days_makes_a_table_wide(tmp_path: Path) -> None:
    found = understand(saved(tmp_path, WIDE))
    assert found == Understood(
        "wide",
        {"file": "panel.csv", "video": "id", "category": "genre", "days": r"day(\d+)"},
        "a row for each 'id', days 1 to 7 after its upload",
    )


def test_a_long_table_is_known_by_the_names_of_its_columns(tmp_path: Path) -> None:
    head = "Date,Content,Video title,Genre,Duration,Views,Likes\n"
    found = understand(saved(tmp_path, f"{head}2026-01-01,x,Title,Music,9,5,1\n"))
    assert found.reader == "long"
    assert found.settings == {
        **{"video": "Content", "day": "Date", "views": "Views", "category": "Genre"},
        **{"known": ["Duration"], "published": None, "clock": "calendar"},
    }
    assert found.told.endswith("not used: ['Video title', 'Likes']")


@pytest.mark.parametrize(
    ("day", "clock"), [("3", "age"), ("20260103", "calendar"), ("2026-01-03", "calendar")]
)
def test_small_whole_numbers_are_ages_and_others_dates(
    tmp_path: Path, day: str, clock: str
) -> None:
    found = understand(saved(tmp_path, f"video,day,views\na,{day},1\n"))
    assert found.settings["clock"] == clock


def test_of_tables_of_several_shapes_the_one_of_many_videos_is_taken(tmp_path: Path) -> None:
    saved(tmp_path, "Date,Views\n2026-01-01,1\n", "a_totals.csv")
    found = understand(saved(tmp_path, "Date,Content,Views\n2026-01-01,x,1\n", "b_chart.csv"))
    assert found.settings["file"] == "b_chart.csv"


@pytest.mark.parametrize("header", ["Inhalte,Datum,Aufrufe", "video,day,views"])
def test_no_table_of_many_videos_is_dropped_beside_another(tmp_path: Path, header: str) -> None:
    row = "{0},2026-01-01,1\n{0},2026-01-02,1\n"
    saved(tmp_path, "video,day,views\n" + row.format("a"), "a.csv")
    saved(tmp_path, f"{header}\n" + row.format("b"), "b.csv")
    saved(tmp_path, "Date,Views\n2026-01-01,2\n", "totals.csv")
    with pytest.raises(DataError, match=r"several tables of many videos.*'a\.csv', 'b\.csv'"):
        understand(tmp_path)


def test_a_table_without_a_header_is_said_to_lack_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="its first line is a row: put one above it, video,day,vie"):
        understand(saved(tmp_path, "a,2026-01-01,5\na,2026-01-02,6\n"))


def test_a_table_of_no_videos_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no table of many videos.*panel\.csv: .'Date', 'Views'"):
        understand(saved(tmp_path, "Date,Views\n2026-01-01,1\n"))


def test_an_export_by_content_is_a_panel_of_its_videos() -> None:
    panel = of_understood(shared("cases/50-chart-by-content"))
    assert len(panel) == 8
    assert panel.videos["video"].is_unique
    assert panel.days.max() == panel.days[0] == 200
    assert not [note for note in panel.notes if "summed" in note]


def test_an_export_of_a_large_channel_is_a_panel_of_its_videos() -> None:
    panel = of_understood(shared("data/studio/codingtrain-2021"))
    assert len(panel) == 201
    assert set(panel.days) == {365}


def test_an_import_copies_the_tables_alone_byte_for_byte(tmp_path: Path) -> None:
    source = tmp_path / "mine" / "kind=a"
    source.mkdir(parents=True)
    saved(saved(source, WIDE), "no table", "notes.txt")
    importing.copied(source.parent, tmp_path / "data" / "mine", tmp_path)
    copied = list((tmp_path / "data" / "mine" / "kind=a").iterdir())
    assert [f.name for f in copied] == ["panel.csv"]
    assert copied[0].read_bytes() == (source / "panel.csv").read_bytes()


def test_an_import_replaces_an_earlier_one(tmp_path: Path) -> None:
    for name in ("old.csv", "new.csv"):
        importing.copied(saved(tmp_path, WIDE, name) / name, tmp_path / "data" / "mine", tmp_path)
    assert [f.name for f in (tmp_path / "data" / "mine").glob("*.csv")] == ["new.csv"]


def test_an_import_replaces_no_folder_of_anything_else(tmp_path: Path) -> None:
    into = tmp_path / "data" / "mine"
    into.mkdir(parents=True)
    saved(into, "mine", "thesis.txt")
    with pytest.raises(ConfigError, match=r"thesis\.txt"):
        importing.copied(saved(tmp_path, WIDE), into, tmp_path)
    assert (into / "thesis.txt").read_text() == "mine"


def week() -> PanelSplit:
    """Two days from seven."""
    return PanelSplit(
        task=task_of(),
        new="days",
        cluster="entity",
        folds=3,
        validation=(),
        test=(),
        validation_spans=1,
        test_spans=1,
        seed=1,
    )


@pytest.mark.parametrize(("days", "validation", "test"), [(13, 1, 1), (25, 4, 2), (1000, 10, 5)])
def test_half_of_the_free_horizons_validate_and_a_quarter_is_the_test(
    days: int, validation: int, test: int
) -> None:
    panel = panel_of({name: [1] * days for name in "abcd"})
    found = importing.spans(panel, week())
    assert found == {"validation_spans": validation, "test_spans": test}


def test_fewer_than_four_long_videos_are_refused_with_the_days_that_it_takes() -> None:
    panel = panel_of({"a": [1] * 13, "b": [1] * 13, "c": [1] * 13, "d": [1] * 12})
    with pytest.raises(DataError, match=r"found 3 of 4 videos with 13 days or more.*has 13 days"):
        importing.spans(panel, week())


def test_views_that_never_fall_are_said_to_be_those_of_counters() -> None:
    panel = panel_of({"a": range(9), "b": range(9)})
    with pytest.raises(DataError, match=r"type data\.reader\.cumulative=true"):
        importing.refuse_counter(panel, Path("panel.csv"))


def test_views_that_fall_as_views_do_are_no_counter() -> None:
    importing.refuse_counter(panel_of({"a": [3, 9, 4, 5, 1], "b": [8, 2, 2]}), Path("panel.csv"))


def test_rare_views_of_videos_that_nearly_nobody_sees_are_no_counter() -> None:
    rare = [0] * 99 + [1] + [0] * 100
    panel = panel_of({str(place): rare for place in range(9)})
    importing.refuse_counter(panel, Path("panel.csv"))


def test_a_row_of_totals_among_videos_is_refused() -> None:
    views = {"a": [4, 9, 5], "b": [3, 2, 2], "c": [2.0**24, 1, 7]}
    total = np.sum(list(views.values()), axis=0)
    importing.refuse_totals(panel_of({**views, "d": [1, 1, 1]}), Path("panel.csv"))
    with pytest.raises(DataError, match=r"panel\.csv: the views of 'Total' are the sums of those"):
        importing.refuse_totals(panel_of({**views, "Total": total}), Path("panel.csv"))


def test_videos_that_nobody_sees_are_no_totals_of_each_other() -> None:
    importing.refuse_totals(panel_of({name: [0, 0] for name in "abcd"}), Path("panel.csv"))


def test_a_panel_by_week_is_refused_and_one_with_missing_days_is_not() -> None:
    lacks = np.nan
    weeks = [1.0, *[lacks] * 6, 2.0, *[lacks] * 6, 3.0]
    importing.refuse_other_steps(panel_of({"a": [1, 2, lacks, 3, 4, 5], "b": weeks[:8]}), Path("x"))
    with pytest.raises(DataError, match=r"x: the rows of a video are 7 days apart.*gaps=zero"):
        importing.refuse_other_steps(panel_of({"a": weeks, "b": weeks}), Path("x"))


def test_a_panel_is_summed_up_by_its_videos_and_days() -> None:
    assert importing.summary(panel_of({"a": [1, 2], "b": [3, 4, 5]})) == [
        "2 videos, 5 days of them, days 1 to 3"
    ]


def test_a_panel_of_dates_is_summed_up_by_its_first_and_last() -> None:
    panel = panel_of({"a": [1, 2], "b": [3]}, "calendar", {"a": 18_628, "b": 18_630})
    assert importing.summary(panel) == ["2 videos, 3 days of them, 2021-01-01 to 2021-01-03"]
