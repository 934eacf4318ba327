"""A CSV file as a spreadsheet of any language saves it: separators, decimals, letters."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from support.studio_exports import COUNTS, DAYS, assert_good, notes, refused, totals, writer
from viewcast.base.errors import CutFileError
from viewcast.data import letters, metric
from viewcast.data.drop import has_end
from viewcast.data.export import Wanted
from viewcast.data.metric_headers import HEADERS
from viewcast.data.studio import read_export

MINUTES, UTF_16 = "estimatedMinutesWatched", "the text is UTF-16, which no mark says"


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    return writer(tmp_path / "export")


def european(separator: str = ";", line: str = "{day};{views};{hours};1,50 €") -> str:
    """What a German spreadsheet makes of an export."""
    rows = ["Datum;Aufrufe;Wiedergabezeit (Stunden);Geschätzter Umsatz (EUR)"]
    for day, views in zip(DAYS, COUNTS, strict=True):
        hours = f"{views / 8:,.3f}".translate(str.maketrans(",.", ".,"))
        shown = f"{views:,}".replace(",", ".")
        rows.append(line.format(day=f"{pd.Timestamp(day):%d.%m.%Y}", views=shown, hours=hours))
    return "\r\n".join([*rows, ""]).replace(";", separator)


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("page", ["cp1252", "utf-8", "utf-16-le", "utf-16-be", "mac_roman"])
def test_a_european_spreadsheet_loses_no_figure(export, separator: str, page: str) -> None:
    folder = export(Gesamtwerte=european(separator).encode(page))
    assert_good(read_export(folder))
    hours = read_export(folder, Wanted(MINUTES))
    assert hours.tolist() == [7.5 * views for views in COUNTS]


# --- letters --------------------------------------------------------------------------------------


def test_in_every_page_a_known_header_keeps_its_meaning() -> None:
    tried = set()
    for meaning, words in HEADERS.items():
        for word in words.split("|"):
            for page in letters.PAGES:
                content = f"Date;{word}\n2021-01-30;5\n".encode(page, "ignore")
                if word.isascii() or word not in content.decode(page):
                    continue
                found = letters.code_page(content)
                assert found is not None, (word, page)
                header = found.content.decode().splitlines()[0].split(";")[1]
                assert metric.known(header) == meaning, (word, page, header)
                tried.add(page)
    assert tried == set(letters.PAGES)


@pytest.mark.parametrize(
    ("page", "header"),
    [
        ("cp950", "日期,觀看次數"),
        ("gbk", "日期,观看次数"),
        ("cp932", "日付,視聴回数"),
        ("cp1251", "Дата,Просмотры"),
        ("cp1250", "Datum,Počet zhlédnutí"),
        ("cp1254", "Tarih,Görüntüleme sayısı"),
    ],
)
def test_the_page_is_the_one_that_makes_the_header_known_and_is_told(export, page, header) -> None:
    folder = export(Totals=totals(header).encode(page))
    assert_good(read_export(folder))
    told = f"the text is not UTF-8 and was read as {letters.PAGES[page]}"
    assert told.startswith(notes(folder)[0])


def test_months_and_narrow_spaces_of_a_page_are_read(export) -> None:
    days = [pd.Timestamp(day).strftime("%d %b %Y").replace("Feb", "févr.") for day in DAYS]
    days = [day.replace("Jan", "janv.") for day in days]
    counts = [f"{count:,}".replace(",", "\u00a0") for count in COUNTS]
    assert_good(read_export(export(Totals=totals("Date,Vues", days, counts).encode("cp1252"))))


def test_a_header_that_no_page_makes_known_is_refused_with_the_page(export) -> None:
    message = refused(export(Totals=totals("Дата,Людзі").encode("cp1251")))
    assert "found no column that is called views in a language known here" in message
    assert "not UTF-8 and was read as Windows-1252 (western Europe); if letters look" in message


def test_a_soft_hyphen_of_a_page_is_no_letter(export) -> None:
    assert_good(read_export(export(Totals=totals("Da\u00adtum,Auf\u00adrufe").encode("latin-1"))))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (totals("Datü,Views").encode() + b"\xff", "line 6: byte 0xff is not UTF-8; save"),
        (totals("Dat\x81,Views").encode("latin-1"), "line 1: byte 0x81 is not UTF-8; save"),
        (totals().encode("utf-16-le").replace(b"V\0", b"\0\0"), "found a zero byte, and no UTF-16"),
        (totals().encode() + b"\0" * 50, "ends in zero bytes, room that a download has not filled"),
        (
            totals().encode() + b"\0" * 50 + b"\n",
            "line 6: found a zero byte, and no UTF-16, whose letters",
        ),
    ],
)
def test_damaged_text_is_taken_for_no_other(export, content: bytes, words: str) -> None:
    assert words in refused(export(Totals=content))


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_read_and_told(export, order: str) -> None:
    folder = export(Totals=totals("日期,觀看次數").encode(order))
    assert_good(read_export(folder))
    assert notes(folder) == [UTF_16]
    assert has_end(folder / "Totals.csv")
    assert not has_end(export(Totals=totals().strip().encode(order)) / "Totals.csv")


def test_utf_16_that_ends_within_a_letter_is_cut_short(export) -> None:
    with pytest.raises(CutFileError, match="ends in the middle of a letter"):
        read_export(export(Totals=totals().encode("utf-16-le")[:-1]))


# --- decimals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("separator", "figures", "hours"),
    [
        (";", ["1,250", "2,500", "3,750", "4,125"], [1.25, 2.5, 3.75, 4.125]),
        (";", ["1.250", "2.500", "3.750", "4.125"], [1250, 2500, 3750, 4125]),
        (";", ["1.250,5", "0,5", "7", "4,125"], [1250.5, 0.5, 7, 4.125]),
        (",", ["1.250", "0.500", "3.750", "4.125"], [1.25, 0.5, 3.75, 4.125]),
        (",", ['"1,250"', "500", "7", '"4,125"'], [1250, 500, 7, 4125]),
        ("\t", ["1,25", "2,5", "3,75", "4,125"], [1.25, 2.5, 3.75, 4.125]),
    ],
)
def test_what_parts_the_cells_tells_which_mark_parts_decimals(
    export, separator: str, figures: list[str], hours: list[float]
) -> None:
    rows = zip(DAYS, figures, strict=True)
    lines = ["Date,Watch time (hours)".replace(",", separator)]
    lines += [f"{day}{separator}{figure}" for day, figure in rows]
    found = read_export(export(Totals="\n".join([*lines, ""])), Wanted(MINUTES))
    assert found.tolist() == [60 * figure for figure in hours]


def test_points_before_three_digits_of_every_fraction_are_refused(export) -> None:
    text = totals("Date,Watch time (hours)", counts=["1.250", 7, "3.750", "24.125"])
    message = refused(export(Totals=text), MINUTES)
    assert "line 2, column 'Watch time (hours)': found '1.250', which is a thousand and" in message


def test_the_same_marks_group_figures_that_are_counted(export) -> None:
    counts = [f"{count:,}".replace(",", ".") for count in COUNTS]
    assert_good(read_export(export(Totals=totals(counts=counts))))


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Totals.CSV", "Totals.Csv", "TOTALS.CSV.GZ", "EXPORT.ZIP"])
def test_the_ending_of_a_name_may_be_in_capitals(tmp_path: Path, name: str) -> None:
    content = totals().encode()
    if name.endswith("ZIP"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("TOTALS.CSV", content)
    else:
        (tmp_path / name).write_bytes(gzip.compress(content) if "GZ" in name else content)
    assert_good(read_export(tmp_path))
    assert_good(read_export(tmp_path / name))
