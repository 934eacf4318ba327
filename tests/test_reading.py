"""A file of others, in whatever form, reads back as the same days, or its refusal says why."""

import gzip
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcast.base.errors import ConfigError, CutFileError, DataError
from viewcast.data.export import Export, Wanted, read_days
from viewcast.data.limits import Limits

FIRST = date(2026, 5, 1)
DAYS = [FIRST + timedelta(days=place) for place in range(40)]
COUNTS = [934 + 37 * (place % 9) for place in range(40)]
ISO = [f"{day}" for day in DAYS]
SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９")


def text(
    days: list[str] | None = None, counts: list[object] | None = None, header: str = "Date,Views"
) -> str:
    rows = zip(days or ISO, counts or COUNTS, strict=True)
    return "".join(f"{line}\n" for line in [header, *(f"{day},{count}" for day, count in rows)])


def with_count(cell: str) -> str:
    """A table whose last figure is this one."""
    return text(counts=[*COUNTS[:-1], cell])


def read(folder: Path, content: str | bytes, wanted: Wanted | None = None) -> Export:
    file = folder / "Totals.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_days(file, wanted or Wanted())[0]


def refused(folder: Path, content: str | bytes, wanted: Wanted | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, content, wanted)
    return str(caught.value)


def days_of(export: Export) -> dict[date, float]:
    return {day.date(): views for day, views in export.views.items()}


KNOWN = dict(zip(DAYS, COUNTS, strict=True))


# --- forms ----------------------------------------------------------------------------------------

DATES = st.sampled_from(
    [
        *("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y%m%d00", "%d %b %Y"),
        *("%Y-%m-%dT00:00:00", "%Y-%m-%d 00:00", "%Y-%m-%dT00:00:00.000Z", "%B %d, %Y"),
        *("%Y-%m-%dT00:00:00-07:00", "%m/%d/%Y 12:00:00 AM", "%Y年%m月%d日", "%Y. %m. %d."),
    ]
)
GROUPS = st.sampled_from(["", ",", ".", "'", "\u00a0", "\u202f", "٬"])


@given(
    counts=st.lists(st.integers(0, 10**7), min_size=15, max_size=30),
    form=DATES,
    group=GROUPS,
    digits=st.sampled_from(SCRIPTS),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    header=st.sampled_from(["Datum,Aufrufe", None]),
    packed=st.sampled_from(["", ".gz", ".zip"]),
    backwards=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_a_series_in_any_form_reads_back_as_the_same_days(
    tmp_path_factory: pytest.TempPathFactory,
    counts: list[int],
    form: str,
    group: str,
    digits: str,
    delimiter: str,
    end: str,
    encoding: str,
    header: str | None,
    packed: str,
    backwards: bool,
) -> None:
    counts = [1000, *counts, 2345]  # neighbours of four digits; the newest is no 0
    known = {date(2020, 1, 13) + timedelta(days=place): n for place, n in enumerate(counts)}
    script = str.maketrans(SCRIPTS[0], digits)
    rows = [
        (f"{pd.Timestamp(day):{form}}".translate(script), f"{n:,}".replace(",", group))
        for day, n in sorted(known.items(), reverse=backwards)
    ]
    lines = [f'"{day}"{delimiter}"{n.translate(script)}"{end}' for day, n in rows]
    first = [header.replace(",", delimiter) + end] if header else []
    content = "".join([*first, *lines]).encode(encoding)
    file = tmp_path_factory.mktemp("form") / f"Totals.csv{packed}"
    if packed == ".zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("deep/Totals.csv", content)
    else:
        file.write_bytes(gzip.compress(content) if packed else content)
    assert days_of(read_days(file, Wanted())[0]) == known


@pytest.mark.parametrize(
    "days",
    [
        [f"{day.day}. {['Mai', 'Juni'][day.month - 5]} {day.year}" for day in DAYS],
        [f"{day.day} de {['mayo', 'junio'][day.month - 5]} de {day.year}" for day in DAYS],
        [f"{day.day} de {['mai', 'jun'][day.month - 5]}. de {day.year}" for day in DAYS],
        [f"{day.day} {['мая', 'июня'][day.month - 5]} {day.year} г." for day in DAYS],
        [f"{day.day} {['मई', 'जून'][day.month - 5]} {day.year}" for day in DAYS],
        [f'"{["mei", "juni"][day.month - 5]} {day.day}, {day.year}"' for day in DAYS],
    ],
)
def test_months_are_known_by_their_names_in_other_languages(
    tmp_path: Path, days: list[str]
) -> None:
    assert days_of(read(tmp_path, text(days))) == KNOWN


@pytest.mark.parametrize("header", [",Date,Views", "Unnamed: 0,Date,Views", "index,Date,Views"])
def test_numbers_of_rows_that_pandas_writes_are_left_out_and_told(
    tmp_path: Path, header: str
) -> None:
    export = read(tmp_path, text([f"{n},{day}" for n, day in enumerate(ISO)], header=header))
    assert days_of(export) == KNOWN
    assert export.notes == ["the first column, the numbers of the rows, was left out"]


def test_a_decimal_comma_is_one_where_it_groups_nothing(tmp_path: Path) -> None:
    hours = text(counts=['"4,25"', '"12,5"'] * 20, header="Date,Watch time (hours)")
    whole = read(tmp_path, hours, Wanted("estimatedMinutesWatched")).views
    assert whole.tolist() == [255, 750] * 20
    views = hours.replace("Watch time (hours)", "Views")
    assert "found 4.25, expected a whole number" in refused(tmp_path, views)


# --- without a header -----------------------------------------------------------------------------


def test_a_table_without_a_header_loses_no_day_and_is_told(tmp_path: Path) -> None:
    export = read(tmp_path, text().removeprefix("Date,Views\n"))
    assert days_of(export) == KNOWN
    told = " ".join(export.notes)
    assert "has no header: its first line is a day" in told
    assert "column 2, the only one of numbers (934, 971, 1008, ...), is read as views" in told


def test_of_several_columns_without_a_header_one_must_be_named(tmp_path: Path) -> None:
    content = text(counts=[f"{n},{n // 3}" for n in COUNTS]).removeprefix("Date,Views\n")
    message = refused(tmp_path, content)
    assert "several columns of numbers: column 2 (934, 971, 1008, ...), column 3 (311" in message
    assert "COLUMN=" in message
    assert days_of(read(tmp_path, content, Wanted(column="column 2"))) == KNOWN
    with pytest.raises(ConfigError, match="found no column 'column 9'"):
        read(tmp_path, content, Wanted(column="column 9"))


# --- refused in words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (with_count("9" * 400), "found '" + "9" * 80 + "'... (400 characters), expected a finite"),
        (with_count("9" * 9000), "line 41, column 'Views': found '" + "9" * 80 + "'... (9,000 ch"),
        (with_count("1e-400"), "found '1e-400', expected a number with at most 15 digits"),
        (with_count("9007199254740993"), "found '9007199254740993', expected a number with at"),
        (with_count("942.00000000000000001"), "expected a number with at most 15 digits, which is"),
        (with_count("1e400"), "found '1e400', expected a finite number"),
        (with_count("-inf"), "found '-inf', expected a finite number"),
        (with_count("nan"), "found 'nan', expected a number"),
        (with_count("5²"), "found '5²', expected a number"),
        (with_count("1,5"), "line 41: found 3 fields, expected 2"),
        (text(["1500" + day[4:] for day in ISO]), "found 1500-05-01, expected a day of 1900 or"),
        (text(["9999" + day[4:] for day in ISO]), "found 9999-05-01, expected a day not later th"),
        (text(header="Date,Date"), "found no column that is called views in a language known"),
        (text().replace("-05", "\0"), "line 2: found a zero byte, and no UTF-16, whose"),
        (b"\0" * 500, "the file is empty"),
        (
            text(header="Datü,Views").encode().replace(b"V", b"\xff"),
            "line 1: byte 0xff is not UTF-8",
        ),
        (text(header="Datum,Größe").encode("latin-1"), "was read as Windows-1252 (western Europe)"),
        (text(counts=['"9', *COUNTS[1:]]), 'line 2: not a CSV file (found a quote (") that no'),
        (with_count('"' + "x" * 200_000 + '"'), "a cell is longer than any figure or title; is a"),
        (with_count("x" * 20_000), "line 41: found 20,000 characters in a cell, expected at most"),
        (text(header="Date;Views"), "line 2: found 1 fields, expected 2 (['Date', 'Views'])"),
    ],
)
def test_a_refusal_names_the_cause_in_few_characters(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    message = refused(tmp_path, content)
    assert words in message
    assert len(message) < 700


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        (Limits(bytes=100), "bytes"),
        (Limits(rows=39), "40 rows or more, expected at most 39"),
        (Limits(columns=1), "2 columns, expected at most 1"),
        (Limits(cell=9), "line 2: found 10 characters in a cell, expected at most 9"),
    ],
)
def test_a_limit_is_named_with_what_was_found_and_its_key(
    tmp_path: Path, limits: Limits, found: str
) -> None:
    message = refused(tmp_path, text(), Wanted(limits=limits))
    assert found in message
    assert "raise limits." in message


def test_twenty_thousand_columns_are_refused_in_a_short_message(tmp_path: Path) -> None:
    message = refused(tmp_path, text(header=",".join(["Date", *["Views"] * 20_000])))
    assert "found 20,001 columns, expected at most 2,000" in message
    assert len(message) < 500


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text(text())
    with pytest.raises(DataError, match="found 3 CSV files, expected at most 2"):
        read_days(tmp_path, Wanted(limits=Limits(files=2)))


# --- a million rows -------------------------------------------------------------------------------


def test_lines_are_counted_across_all_parts_that_are_read_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cells", "columns"):
        monkeypatch.setattr(f"viewcast.data.{module}.AT_ONCE", 6)
    blank = text().replace(f"{ISO[5]},", f"\n\n{ISO[5]},")
    assert days_of(read(tmp_path, blank)) == KNOWN
    assert "line 43, column 'Views': found 'x'" in refused(
        tmp_path, blank.replace(f"{ISO[-1]},{COUNTS[-1]}", f"{ISO[-1]},x")
    )
    titles = text(counts=[f'{n},"a\nb"' for n in COUNTS], header="Date,Views,Note")
    channel = read(tmp_path, titles, Wanted(channel="a\nb"))
    assert days_of(channel) == KNOWN


def test_a_stream_that_ends_too_early_is_cut(tmp_path: Path) -> None:
    packed = io.BytesIO(gzip.compress(text().encode())).getvalue()
    file = tmp_path / "Totals.csv.gz"
    file.write_bytes(packed[:-9])
    with pytest.raises(CutFileError, match="not a complete gzip file; it seems to be cut short"):
        read_days(file, Wanted())
