"""How an export of YouTube Studio is written, by a spreadsheet or another site; what is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from support.studio_exports import COUNTS, DAYS, assert_good, notes, refused, totals, writer
from viewcast.base.errors import SourceError
from viewcast.data.dates import is_date, parse_dates
from viewcast.data.export import Wanted
from viewcast.data.import_export import last_settled
from viewcast.data.studio import read_export, read_whole


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    return writer(tmp_path / "export")


# --- how it is written ----------------------------------------------------------------------------


def test_byte_order_mark_is_no_part_of_the_header(export) -> None:
    assert_good(read_export(export(Totals=totals().encode("utf-8-sig"))))


def test_letters_of_four_bytes_are_read(export) -> None:
    assert_good(read_export(export(Totals=totals().encode("utf-32"))))


def test_windows_line_ends_and_blank_lines(export) -> None:
    assert_good(read_export(export(Totals=(totals() + ",\n\n").replace("\n", "\r\n"))))


@pytest.mark.parametrize(
    "note",
    ["Showing top 500 results", "Die 500 besten Ergebnisse,,", "Mostrando os 500 melhores, enfim"],
)
def test_remark_in_the_last_line_is_dropped(export, note) -> None:
    header, counts = "Date,Views,Hours,More", [f"{n},1.5,2.5" for n in COUNTS]
    assert_good(read_export(export(Totals=totals(header, counts=counts) + note + "\n")))


def test_remark_padded_by_a_spreadsheet_is_dropped(export) -> None:
    assert_good(read_export(export(Totals=totals() + "Showing top 500 results,\n")))


def test_remark_elsewhere_is_refused(export) -> None:
    text = totals().replace("2021-02-01", "Showing top 500 results\n2021-02-01")
    assert "Totals.csv, line 4: found 1 fields, expected 2" in refused(export(Totals=text))


def test_last_line_cut_short_is_refused(export) -> None:
    text = totals().removesuffix(",7\n")
    assert "Totals.csv, line 5: found 1 fields, expected 2" in refused(export(Totals=text))


@pytest.mark.parametrize("form", ["%d-%m-%Y", "%m/%d/%Y", "%d.%m.%Y"])
def test_dates_of_a_spreadsheet(export, form) -> None:
    days = [pd.Timestamp(day).strftime(form) for day in DAYS]
    assert_good(read_export(export(Totals=totals(days=days))))


@pytest.mark.parametrize("mark", [",", ".", "'", "\u202f", "\u00a0"])
def test_thousands_separators_of_a_spreadsheet(export, mark) -> None:
    counts = [f'"{count:,}"'.replace(",", mark) for count in COUNTS]
    assert_good(read_export(export(Totals=totals(counts=counts))))


@pytest.mark.parametrize("mark", [",", "."])
@pytest.mark.parametrize("metric", ["views", "Reach"])
def test_figures_of_which_some_are_grouped_are_refused(export, mark, metric) -> None:
    counts = [f"12{mark}345", "0", "67890", "7"]
    quoted = [f'"{count}"' for count in counts]
    message = refused(export(Totals=totals(f"Date,{metric}", counts=quoted)), metric)
    assert f"line 2, column {metric!r}: " in message
    assert f"found '12{mark}345', and '67890' elsewhere, expected figures of which all" in message


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_of_a_spreadsheet(export, delimiter) -> None:
    assert_good(read_export(export(Totals=totals().replace(",", delimiter))))


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "found", "expected"),
    [
        ("many", "'many'", "a number"),
        ("NA", "'NA'", "a number"),
        ("nan", "'nan'", "a number"),
        ("1.5", "1.5", "a whole number"),
        ("1e999", "'1e999'", "a finite number"),
    ],
)
def test_bad_count_is_refused_by_its_line(export, count, found, expected) -> None:
    message = refused(export(Totals=totals(counts=[1, 2, count, 4])))
    assert "Totals.csv" in message
    assert f"line 4, column 'Views': found {found}, expected {expected}" in message


def test_a_long_gap_is_refused_with_its_days(export) -> None:
    text = totals().replace("2021-01-31,0\n2021-02-01,67890\n", "")
    message = refused(export(Totals=text))
    assert "Totals.csv: 2 days are missing (2021-01-31 to 2021-02-01); a single missing" in message


@pytest.mark.parametrize("cell", ["", "-1", None])
def test_a_single_missing_day_is_bridged_and_told(export, cell) -> None:
    """A day without a row, an empty cell, and a count below 0 where views were taken back."""
    text = totals(counts=[3, 5, "?", 15]).replace("2021-02-01,?\n", f"2021-02-01,{cell}\n")
    folder = export(Totals=text if cell is not None else text.replace("2021-02-01,None\n", ""))
    assert read_export(folder).tolist() == [3, 5, 9, 15]
    *before, bridged = notes(folder)
    assert bridged == (
        "1 missing day was bridged by the geometric mean of the days beside it: 2021-02-01"
    )
    assert len(before) == (cell is not None)


def test_days_before_the_channel_began_are_left_out_and_told(export) -> None:
    folder = export(Totals=totals(counts=["", "", 5, 6]))
    assert read_export(folder).tolist() == [5, 6]
    assert notes(folder) == ["days without a figure were left out: 2021-01-30 to 2021-01-31"]


def test_newest_days_with_0_after_weeks_without_are_not_counted_yet(export) -> None:
    days = [f"2021-03-{day:02}" for day in range(1, 13)]
    folder = export(Totals=totals(days=days, counts=[*range(5, 15), 0, 0]))
    assert len(read_export(folder)) == 10
    assert notes(folder) == ["newest days with 0 are not counted yet: 2021-03-11 to 2021-03-12"]
    quiet = export(Totals=totals(days=days, counts=[*range(5, 13), 0, 9, 0, 0]))
    assert len(read_export(quiet)) == 12


def test_a_last_line_without_its_end_is_a_day(export) -> None:
    """Editors write no end there; ``test_cut_short.py`` has what is cut."""
    whole = totals(counts=[*COUNTS[:-1], 71234]).removesuffix("\n")
    assert read_export(export(Totals=whole)).tolist() == [*COUNTS[:-1], 71234]


@pytest.mark.parametrize(("step", "name"), [("W", "week"), ("MS", "month")])
def test_a_table_by_week_or_month_is_refused(export, step, name) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2021-01-01", periods=4, freq=step)]
    message = refused(export(Totals=totals("Week,Views", days=days)))
    assert f"found one row per {name}, expected one per day; choose Day in YouTube Stud" in message


@pytest.mark.parametrize("without", [0, 3, 11])
def test_a_table_by_week_is_refused_whichever_row_is_missing(export, without) -> None:
    days = pd.date_range("2021-01-04", periods=12, freq="7D").delete(without)
    days = [f"{day:%Y-%m-%d}" for day in days.insert(0, pd.Timestamp("2021-01-01"))]
    message = refused(export(Totals=totals("Week,Views", days=days, counts=COUNTS * 3)))
    assert "found one row per week, expected one per day" in message


def test_repeated_day_is_refused(export) -> None:
    message = refused(export(Totals=totals() + "2021-01-31,0\n"))
    assert "line 6, column 'Date': found 2021-01-31, expected a value that occurs once" in message


@pytest.mark.parametrize("day", ["2021-02-31", "", "31.01.2021"])
def test_wrong_date_is_refused(export, day) -> None:
    message = refused(export(Totals=totals().replace("2021-02-01", day)))
    assert f"Totals.csv, line 4, column 'Date': found {day!r}, expected a date like" in message


def test_word_in_place_of_the_first_day_is_no_total(export) -> None:
    message = refused(export(Totals=totals().replace("2021-01-30", "yesterday")))
    assert "line 2, column 'Views': found 'yesterday' with '12345', expected a date" in message


def test_future_day_is_refused(export) -> None:
    days = [f"2999-01-0{day}" for day in range(1, 5)]
    message = refused(export(Totals=totals(days=days)))
    assert "line 2, column 'Date': found 2999-01-01, expected a day not later than" in message


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff", "\ufeff\n"])
def test_empty_file_is_refused(export, text) -> None:
    assert "Totals.csv: the file is empty" in refused(export(Totals=text))


def test_file_without_rows_is_refused(export) -> None:
    assert "Totals.csv: found ['Date', 'Views'], no rows" in refused(export(Totals="Date,Views\n"))
    assert "Totals.csv, line 1: found no header" in refused(export(Totals=",,\n,,\n"))


def test_nothing_to_read_is_refused(tmp_path) -> None:
    assert "found no CSV file" in refused(tmp_path)
    with pytest.raises(SourceError, match="absent: no such folder"):
        read_export(tmp_path / "absent")
    (tmp_path / "x.zip").write_bytes(b"no zip")
    assert "x.zip: not a zip file" in refused(tmp_path / "x.zip")


def test_days_that_are_not_final_are_left_out_and_told(export) -> None:
    whole = read_whole(export(Totals=totals()), Wanted(until=date(2021, 1, 31)))
    assert whole.views.tolist() == COUNTS[:2]
    assert whole.notes == [
        "days whose figures are not final yet were left out: 2021-02-01 to 2021-02-02"
    ]


def test_youtube_has_the_figures_of_a_day_three_days_after_its_end() -> None:
    night = datetime(2026, 11, 27, 4, tzinfo=UTC)  # the evening of the 26th in California
    assert last_settled("youtube", night) == date(2026, 11, 22)
    assert last_settled(None, night) == date(2026, 11, 26)


def test_another_site_may_write_utf_16_a_title_and_midnight(export) -> None:
    days = [f"{day}T00:00:00" for day in DAYS]
    text = 'sep=,\r\n"Page reach"\r\n' + totals("Date,Page reach", days=days)
    assert_good(read_export(export(Reach=text.encode("utf-16")), Wanted("Page reach")))


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y%m%d00", "%b %d, %Y", "%d %B %Y"])
def test_dates_of_other_sites(export, form) -> None:
    days = [f'"{pd.Timestamp(day).strftime(form)}"' for day in DAYS]
    assert_good(read_export(export(Totals=totals(days=days))))


FORMS = (
    "25. 3. 2026|25. 3. 2026.|25.03.2026 г.|25-Mar-2026|25-Mar-26|Mar 25 2026|March 25th, 2026|"
    "2026 Mar 25|2026. márc. 25.|25 mrt. 2026|25. marts 2026|25. března 2026|25 martie 2026|"
    "25 Μαρ 2026|25 de març del 2026|25 Mac 2026|Marso 25, 2026|25 मार्च 2026|25 de mar. de 2026|"
    "2026 年 3 月 25 日|2026/3/25 上午 12:00:00|2026-03-25 오전 12:00"
)


@pytest.mark.parametrize("cell", FORMS.split("|"))
def test_dates_as_languages_write_them(cell) -> None:
    days = parse_dates(pd.Series([cell, cell.replace("25", "26", 1)]), "a.csv")
    assert is_date(cell)
    assert days.tolist() == [pd.Timestamp("2026-03-25"), pd.Timestamp("2026-03-26")]


@pytest.mark.parametrize(
    ("cell", "day"), [("1er juin 2026", "2026-06-01"), ("1 नव॰ 2026", "2026-11-01")]
)
def test_the_first_of_a_month_in_french_and_short_months_in_hindi(cell, day) -> None:
    assert parse_dates(pd.Series([cell]), "a.csv").tolist() == [pd.Timestamp(day)]


def test_the_grouping_of_india(export) -> None:
    counts = ['"1,50,000"', '"12,34,567"', "7", '"99,000"']
    assert read_export(export(Totals=totals(counts=counts))).tolist() == [150000, 1234567, 7, 99000]
