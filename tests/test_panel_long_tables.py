"""Long tables of many videos: what a reader makes of them, and the cell that it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.panels import by_video, long
from viewcast.base.errors import DataError
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers import batches

HEAD = "video,day,views\n"
TWO = [("a", 1, 5), ("a", 2, 6), ("b", 1, 7), ("b", 2, 8), ("b", 3, 9)]
VIEWS = {"a": [5, 6], "b": [7, 8, 9]}


def read(folder: Path, text: str, **changed: Any) -> Panel:
    """The panel of a CSV file with this text."""
    (folder / "panel.csv").write_text(text)
    return long(**changed).read(folder)


def table(rows: list[tuple[str, int, int]] = TWO) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["video", "day", "views"])


@given(rows=st.permutations(TWO))
def test_rows_may_be_in_any_order(
    rows: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    assert by_video(read(folder, table(rows).to_csv(index=False))) == VIEWS


def test_a_parquet_file_gives_the_panel_of_a_csv_file(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "panel.parquet")
    assert by_video(long().read(tmp_path)) == VIEWS


def test_a_packed_csv_file_gives_the_panel_of_a_plain_one(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "panel.csv.gz", index=False)
    assert by_video(long().read(tmp_path)) == VIEWS


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_folders_named_by_a_column_and_a_value_are_a_column(tmp_path: Path, kind: str) -> None:
    for category, part in (("Music", table(TWO[:2])), ("NA", table(TWO[2:]))):
        folder = tmp_path / f"category={category}"
        folder.mkdir()
        if kind == "csv":
            part.to_csv(folder / "part.csv", index=False)
        else:
            part.to_parquet(folder / "part.parquet")
    panel = long(category="category").read(tmp_path)
    assert by_video(panel) == VIEWS
    assert panel.videos["category"].tolist() == ["Music", "NA"]


def test_how_many_rows_are_in_memory_at_a_time_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 2)
    assert by_video(read(tmp_path, table().to_csv(index=False))) == VIEWS


def test_a_refused_row_counts_from_the_top_of_its_file_whatever_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 2)
    with pytest.raises(DataError, match=r"panel\.csv, row 6, column 'views': found -9 "):
        read(tmp_path, table([*TWO[:4], ("b", 3, -9)]).to_csv(index=False))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,1,5\na,1,6\n", r"row 3, column 'day': found day 1 of 'a' a second time \(1 such rows"),
        ("a,1,5\na,2,-6\n", r"row 3, column 'views': found -6 on day 2 of 'a' \(1 counts below 0"),
        ("a,1,5\na,2,many\n", r"row 3, column 'views': found 'many', expected a count"),
        ("a,1,5\n,2,6\n", r"row 3, column 'video': found nothing, expected the name of a video"),
        ("a,1,5\na,2.5,6\n", r"row 3, column 'day': found '2\.5', expected an age in days"),
        ("a,1,5\na,,6\n", r"row 3, column 'day': found nothing, expected an age in days"),
        ("a,1,5\na,2,inf\n", r"row 3, column 'views': found inf, expected a count of at most"),
    ],
)
def test_a_wrong_cell_is_refused_by_file_row_and_column(
    tmp_path: Path, rows: str, message: str
) -> None:
    with pytest.raises(DataError, match=rf"{tmp_path}/panel\.csv, {message}"):
        read(tmp_path, HEAD + rows)


def test_a_gap_is_refused_where_gaps_are(tmp_path: Path) -> None:
    message = r"panel\.csv, row 3, column 'day': found day 4 of 'a' next after day 1 \(2 days lack"
    with pytest.raises(DataError, match=message):
        read(tmp_path, f"{HEAD}a,1,5\na,4,6\n", gaps="refuse")


@pytest.mark.parametrize("clock", ["age", "calendar"])
def test_an_empty_day_of_a_parquet_file_is_refused(tmp_path: Path, clock: str) -> None:
    days = [1, None] if clock == "age" else ["2026-01-01", None]
    rows = pd.DataFrame({"video": ["a", "a"], "day": days, "views": [1, 2]})
    rows.to_parquet(tmp_path / "panel.parquet")
    with pytest.raises(DataError, match=r"panel\.parquet, (row|line) 2, column '?day"):
        long(clock=clock).read(tmp_path)


@pytest.mark.parametrize(
    ("settings", "views", "note"),
    [
        ({"repeated": "last"}, [6, 1], "1 rows repeat a day of a video: the last one is used"),
        ({"repeated": "sum"}, [11, 1], "1 rows repeat a day of a video: they are summed"),
    ],
)
def test_a_day_twice_is_settled_as_is_set_and_told(
    tmp_path: Path, settings: dict[str, str], views: list[float], note: str
) -> None:
    panel = read(tmp_path, f"{HEAD}a,1,5\na,2,1\na,1,6\n", **settings)
    assert by_video(panel) == {"a": views}
    assert panel.notes == (note,)


@pytest.mark.parametrize(
    ("gaps", "fill", "told"),
    [("zero", 0.0, "they count as 0"), ("missing", np.nan, "no window or answer has one")],
)
def test_a_day_that_lacks_is_settled_as_is_set_and_told(
    tmp_path: Path, gaps: str, fill: float, told: str
) -> None:
    panel = read(tmp_path, f"{HEAD}a,1,5\na,3,6\n", gaps=gaps)
    np.testing.assert_array_equal(panel.views, np.array([5, fill, 6], np.float32))
    assert panel.notes == (f"1 days between others are not there: {told}",)


@pytest.mark.parametrize(
    ("negative", "fill", "told"), [("zero", 0.0, "0"), ("missing", np.nan, "missing")]
)
def test_a_count_below_0_is_settled_as_is_set_and_told(
    tmp_path: Path, negative: str, fill: float, told: str
) -> None:
    panel = read(tmp_path, f"{HEAD}a,1,5\na,2,-1\na,3,6\n", negative=negative)
    np.testing.assert_array_equal(panel.views, np.array([5, fill, 6], np.float32))
    note = f"views were taken back on 1 days of 1 videos ('a'), which count as {told}"
    assert panel.notes == (note,)


def test_a_counter_gives_the_steps_between_its_days(tmp_path: Path) -> None:
    panel = read(tmp_path, f"{HEAD}a,1,10\na,2,15\na,3,15\na,4,40\n", cumulative=True)
    assert by_video(panel) == {"a": [5, 0, 25]}
    assert panel.videos["first"].tolist() == [2]


def test_a_counter_that_falls_has_a_day_that_is_told(tmp_path: Path) -> None:
    text = f"{HEAD}a,1,10\na,2,15\na,3,12\na,4,20\n"
    panel = read(tmp_path, text, cumulative=True, negative="zero")
    assert by_video(panel) == {"a": [5, 0, 8]}
    assert "taken back on 1 days of 1 videos ('a')" in panel.notes[0]


def test_a_counter_that_misses_a_day_has_no_step_to_the_next(tmp_path: Path) -> None:
    text = f"{HEAD}a,1,10\na,2,15\na,4,40\na,5,41\n"
    panel = read(tmp_path, text, cumulative=True)
    np.testing.assert_array_equal(panel.views, np.array([5, np.nan, np.nan, 1], np.float32))


def test_a_video_with_one_day_of_a_counter_is_left_out_and_told(tmp_path: Path) -> None:
    panel = read(tmp_path, f"{HEAD}a,1,10\na,2,15\nb,1,3\n", cumulative=True)
    assert by_video(panel) == {"a": [5]}
    assert panel.notes == ("1 videos have no day that can be used and were left out",)


def test_the_category_na_is_a_word_and_a_blank_one_is_unknown(tmp_path: Path) -> None:
    text = "video,day,views,kind\na,1,1,NA\nb,1,1,\nc,1,1,Music\n"
    panel = read(tmp_path, text, category="kind")
    assert panel.videos["category"].tolist() == ["NA", "unknown", "Music"]


def test_a_video_may_be_called_na_or_a_number(tmp_path: Path) -> None:
    assert by_video(read(tmp_path, f"{HEAD}NA,1,1\n007,1,2\n")) == {"NA": [1], "007": [2]}


def test_a_number_that_is_not_known_of_a_video_is_the_median_of_the_others(tmp_path: Path) -> None:
    text = "video,day,views,duration\na,1,1,10\nb,1,1,\nc,1,1,30\nd,1,1,70\n"
    panel = read(tmp_path, text, known=("duration",))
    assert panel.videos["duration"].tolist() == [10, 30, 30, 70]


PUBLISHED = """video,day,views,published
a,2026-01-01,0,2026-01-02
a,2026-01-02,0,2026-01-02
a,2026-01-03,4,2026-01-02
b,2026-01-01,0,
b,2026-01-02,0,
b,2026-01-03,9,
"""


def test_a_video_begins_on_its_publish_day_and_where_that_is_blank_with_its_first_view(
    tmp_path: Path,
) -> None:
    panel = read(tmp_path, PUBLISHED, published="published", clock="calendar")
    assert by_video(panel) == {"a": [0, 4], "b": [9]}
    first = panel.times(panel.videos["first"].to_numpy())
    assert first.astype(str).tolist() == ["2026-01-02", "2026-01-03"]
    assert panel.notes == ("3 rows before a video was published were left out",)


def test_without_a_publish_day_the_days_before_the_first_view_stay(tmp_path: Path) -> None:
    panel = read(tmp_path, PUBLISHED, clock="calendar")
    assert by_video(panel) == {"a": [0, 0, 4], "b": [0, 0, 9]}


def test_dates_are_read_in_the_form_that_they_have(tmp_path: Path) -> None:
    text = f"{HEAD}a,31.12.2025,1\na,01.01.2026,2\n"
    panel = read(tmp_path, text, clock="calendar")
    assert panel.times(panel.videos["first"].to_numpy()).astype(str).tolist() == ["2025-12-31"]
    assert by_video(panel) == {"a": [1, 2]}


def test_a_column_that_is_missing_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'clicks' is missing; found"):
        read(tmp_path, f"{HEAD}a,1,5\n", views="clicks")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no rows, expected a row for each video and day"):
        read(tmp_path, HEAD)


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(DataError, match=r"found no table, expected \.parquet, \.csv or \.csv\.gz"):
        long().read(tmp_path)


def test_tables_of_two_kinds_are_refused(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "panel.parquet")
    with pytest.raises(DataError, match="found csv and parquet files; expected one kind"):
        read(tmp_path, HEAD)


def test_what_the_first_rows_look_like_decides_nothing_for_later_ones(tmp_path: Path) -> None:
    """pyarrow takes the types of CSV columns from the first megabyte."""
    lines = [f"v{video:04d},{day},{day}" for video in range(900) for day in range(1, 101)]
    text = "video,day,views\n" + "\n".join(lines) + "\nv9999,1,12.0\n"
    (tmp_path / "panel.csv").write_text(text)
    panel = long(clock="age").read(tmp_path)
    assert panel.of(900).tolist() == [12.0]


def test_a_footer_of_one_cell_is_left_out_and_told(tmp_path: Path) -> None:
    text = "video,day,views\na,2026-01-01,3\na,2026-01-02,4\nShowing top 500 results\n"
    (tmp_path / "panel.csv").write_text(text)
    panel = long(clock="calendar").read(tmp_path)
    assert panel.views.tolist() == [3, 4]
    assert any("Showing top 500 results" in note for note in panel.notes)


def test_a_publish_time_with_a_clock_is_its_day(tmp_path: Path) -> None:
    lines = [f"a,2026-01-0{day},{day},2026-01-03T06:54:18.000Z" for day in range(1, 6)]
    (tmp_path / "panel.csv").write_text("video,day,views,published\n" + "\n".join(lines))
    assert long(published="published", clock="calendar").read(tmp_path).views.tolist() == [3, 4, 5]
