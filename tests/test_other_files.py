"""What lies in drop folders and is no export of days: refused in words that name the cause."""

from pathlib import Path

import pandas as pd
import pytest

from viewcast.base.errors import DataError
from viewcast.data.export import Wanted
from viewcast.data.studio import read_whole

DAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2026-05-01", periods=60)]
HOURS = [f"{hour:%Y-%m-%d %H:%M}" for hour in pd.date_range("2026-05-01", periods=48, freq="h")]


def table(days: list[str], counts: list[str] | None = None, header: str = "Date,Views") -> bytes:
    counts = counts or [f"{900 + place % 7}" for place in range(len(days))]
    rows = [f"{day},{count}" for day, count in zip(days, counts, strict=True)]
    return "\n".join([header, *rows, ""]).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"PK\x03\x04\x14\0\0\0",
            "is a workbook of Excel, or a zip, and no CSV file: open it in a",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook of Excel, and no CSV file"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"PAR1\x15\x04", "is a table of Parquet"),
        (b"{\\rtf1 Date,Views}", "is a text with a layout"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "is a pointer of Git LFS"),
        (b"\x1f\x8b\x08\x00", "is packed by gzip, and no CSV file: give it the name .csv.gz"),
        (b"\n<!DOCTYPE html>\n<html>Sign in, please</html>", "is a web page, and no CSV file"),
        (b'{"error": {"code": 403, "message": "quota"}}\n', "is JSON, the answer of a program"),
        (table(HOURS), "'2026-05-01 00:00' is a time of day, and a day is expected: choose Day"),
        (table([hour[:10] for hour in HOURS]), "found one row per hour, expected one per day"),
        (
            table(["46143", "46144"]),
            "'46143' is a day as a spreadsheet counts them: give",
        ),
        (table(["2026-05", "2026-06"]), "'2026-05' is longer than a day"),
        (table(["2026-W18", "2026-W19"]), "'2026-W18' is longer than a day"),
        (table(["Nov 2026", "Dec 2026"]), "'Nov 2026' is longer than a day"),
        (table(["1. toukokuuta 2026"]), "'1. toukokuuta 2026' is no date in a form that is read"),
        (table(DAYS[:2], ["1.2K", "1.3K"]), "'1.2K' is no whole number: export the figures as"),
        (table(DAYS[:2], ["$12", "$13"]), "'$12' is no whole number"),
        (
            b"Content,Title,Views\nTotal,,11\nabc,Hello,5\ndef,You,6\n",
            "a row for each 'Content' and no days; a table of",
        ),
        (b"Channel ID,Title\nUCx,Mine\n", "found no daily totals"),
        (b"Date Views\n2026-05-01 1130\n", "it has one column; what parts cells is a comma, a sem"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_the_cause_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "Totals.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_whole(tmp_path, Wanted())
    assert words in str(caught.value)


def test_a_table_of_text_with_another_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "Totals.txt").write_bytes(table(DAYS))
    with pytest.raises(DataError, match=r"by their names: \['Totals\.txt'\]; a table of text"):
        read_whole(tmp_path, Wanted())


@pytest.mark.parametrize(
    ("content", "lacks"),
    [
        (table(DAYS, header="Date,Watch time"), "no column that is called views"),
        (b"Date,Country,Views\n2026-06-30,DE,5\n2026-06-30,TW,5\n", "rows per 'Country'"),
    ],
)
def test_a_table_of_later_days_than_the_totals_is_told_and_of_earlier_days_it_is_not(
    tmp_path: Path, content: bytes, lacks: str
) -> None:
    later = content.replace(b"2026-06", b"2026-07")
    (tmp_path / "Totals.csv").write_bytes(table(DAYS))
    (tmp_path / "b.csv").write_bytes(later)
    (note,) = read_whole(tmp_path, Wanted()).notes
    assert note == f"b.csv was left out: it has later days than the totals, and {lacks}"
    (tmp_path / "b.csv").write_bytes(content.replace(b"2026-06-30", b"2026-06-29"))
    assert read_whole(tmp_path, Wanted()).notes == []


def test_a_counter_is_suspected_from_its_first_reading_and_also_years_later(tmp_path: Path) -> None:
    for first in (0, 10**6):
        readings = [str(first + 9 * place) for place in range(len(DAYS))]
        (tmp_path / "Totals.csv").write_bytes(table(DAYS, readings))
        (note,) = read_whole(tmp_path, Wanted()).notes
        assert note == "the figures never fall; if they are those of a counter, cumulative=true"


def test_rare_views_that_do_not_fall_are_no_counter(tmp_path: Path) -> None:
    (tmp_path / "Totals.csv").write_bytes(table(DAYS, ["0"] * 40 + ["1"] * 15 + ["2"] * 5))
    assert read_whole(tmp_path, Wanted()).notes == []


def test_a_workbook_is_to_be_saved_as_text_and_not_renamed(tmp_path: Path) -> None:
    (tmp_path / "Totals.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"Totals\.xlsx'\]; save a workbook as 'CSV UTF-8'\)"):
        read_whole(tmp_path, Wanted())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Access denied\n", "found ['Access denied'] and no rows"),
        (b"Date,Vie", "found ['Date', 'Vie'] and no rows"),
        (table(["1. toukokuuta 2026"]), "and below it ['1. toukokuuta 2026', '900']"),
    ],
)
def test_a_table_without_figures_by_day_is_told_beside_one_that_has_them(
    tmp_path: Path, content: bytes, found: str
) -> None:
    (tmp_path / "Totals.csv").write_bytes(table(DAYS))
    (tmp_path / "b.csv").write_bytes(content)
    (note,) = read_whole(tmp_path, Wanted()).notes
    assert note.startswith("b.csv has no figures by day and was left out: ")
    assert found in note


def test_the_other_tables_of_an_export_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "Totals.csv").write_bytes(table(DAYS))
    (tmp_path / "Table data.csv").write_bytes(b"Viewer age,Views\nTotal,9\n13-17,4\n18-24,5\n")
    (tmp_path / "Chart data.csv").write_bytes(
        b"Date,Viewer age,Views\n2026-05-01,13-17,4\n2026-05-02,13-17,4\n"
    )
    assert read_whole(tmp_path, Wanted()).notes == []


def test_a_table_by_date_of_a_later_download_is_an_export_beside_older_totals(
    tmp_path: Path,
) -> None:
    (tmp_path / "Totals.csv").write_bytes(table(DAYS[:50]))
    total = sum(900 + place % 7 for place in range(60))
    by_date = table(DAYS).replace(b"\n", f"\nTotal,{total}\n".encode(), 1)
    (tmp_path / "Table data.csv").write_bytes(by_date)
    assert len(read_whole(tmp_path, Wanted()).views) == 60


def test_two_columns_that_mean_the_same_are_told_apart_by_their_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(table(DAYS, ["5,7"] * 60, "Date,Views,Vues"))
    with pytest.raises(DataError, match=r"'Vues' means the same: name one, column=<number>"):
        read_whole(tmp_path, Wanted())
    assert read_whole(tmp_path, Wanted(column="3")).views.iloc[0] == 7
