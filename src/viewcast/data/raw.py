"""Raw CSV files: reading them as text, and refusing wrong cells by file, line and column.

Every value stays a string until a schema has checked it, so no value is guessed (the country code
``NA`` is Namibia, not a missing value). Lines are numbered as an editor shows them: the header is
line 1.
"""

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Hashable
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from viewcast.base.errors import DataError

SHOWN = 5
THOUSANDS = ",.'’ \u00a0\u202f"


def is_csv(file: Traversable) -> bool:
    """Whether this is a CSV file, by its name, maybe packed by gzip; hidden files are not, which
    macOS adds.
    """
    return (
        file.name.lower().endswith((".csv", ".csv.gz"))
        and not file.name.startswith(".")
        and file.is_file()
    )


def csv_files(source: Path) -> list[Traversable]:
    """The CSV files of a folder or of a zip (at any depth, never unpacked), or the one file itself.

    Refuses (DataError) a source without CSV files, and a zip that is damaged or that holds several
    files of the same name. Only the last part of a member's name is used, so no name can lead out
    of a folder.
    """
    found: list[Traversable] = [source]
    if source.is_dir():
        found = [*sorted(source.iterdir())]
    elif source.suffix.lower() == ".zip" and source.is_file():
        try:
            archive = zipfile.ZipFile(io.BytesIO(source.read_bytes()))
        except zipfile.BadZipFile as error:
            raise DataError(f"{source}: not a zip file ({error})") from error
        archive.filename = str(source)  # names the zip in messages about its members
        found = [zipfile.Path(archive, name) for name in sorted(archive.namelist())]
    files = [file for file in found if is_csv(file)]
    if not files:
        raise DataError(f"{source}: found no CSV file, expected a folder, zip or file of CSV")
    if len({file.name for file in files}) < len(files):
        raise DataError(f"{source}: found CSV files of the same name, expected one export")
    return files


def read_text(path: Traversable) -> str:
    """The text of a file (or of a member of a zip), without byte-order mark and soft hyphens.

    Refuses (DataError) a file that is missing, empty, or neither UTF-8 nor UTF-16 with its mark.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; `dvc pull` fetches the embedded data")
    content = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: not a complete gzip file ({error})") from error
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {content[error.start]:#04x} is not "
            f"{'UTF-16' if utf16 else 'UTF-8'}; "
            "save the file as 'CSV UTF-8' and try again"
        ) from error
    if not text.strip():
        raise DataError(f"{path}: the file is empty; expected a header and rows")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(
            f"{path}, line {line}: found a zero byte, as in UTF-16; expected UTF-8; "
            "save the file as 'CSV UTF-8' and try again"
        )
    return text.replace("\u00ad", "")


def read_rows(path: Traversable, delimiters: str = ",") -> dict[int, list[str]]:
    """All rows of a CSV file, header first, as stripped strings by the line they begin on.

    The delimiter is the one of ``delimiters`` that the header contains most often.
    """
    text = read_text(path)
    delimiter = max(delimiters, key=text.lstrip().partition("\n")[0].count)
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        rows, line = {}, 1
        for row in reader:  # a quoted cell may run over several lines
            rows[line] = [cell.strip() for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file ({error})") from error
    return rows


def read_columns(path: Path, columns: list[str]) -> pd.DataFrame:
    """A CSV file with exactly known columns, as strings; the index is the line in the file.

    Refuses (DataError) missing columns and lines with the wrong number of fields.
    """
    rows = read_rows(path)
    header = rows.pop(1)
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(f"{path}, line 1: columns {missing} are missing; found {header}")
    check_widths(rows, header, path)
    lines = pd.Index(rows, name="line", dtype="int64")
    return pd.DataFrame([*rows.values()], columns=header, index=lines, dtype="str")[columns]


def check_widths(rows: dict[int, list[str]], header: list[str], path: Traversable) -> None:
    """Refuse (DataError) the first of ``rows``, keyed by line, with more or fewer fields than C."""
    for line, row in rows.items():
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {line}: found {len(row)} fields, expected {len(header)} ({header})"
            )


def numbers(text: pd.Series, source: Traversable) -> pd.Series:
    """Strings to float64; empty becomes NaN. Any other text that is no number is refused."""
    empty = text == ""
    parsed = pd.to_numeric(text.where(~empty), errors="coerce").astype("float64")
    wrong = parsed.isna() & ~empty
    if wrong.any():
        line = first(wrong)
        raise refusal(source, line, text.name, repr(text[line]), "a number")
    return parsed


def counts(text: pd.Series, source: Traversable) -> pd.Series:
    """Strings to float64 as ``numbers``, also with the thousands separators of a spreadsheet.

    A mark counts as a separator only where it groups the whole column in threes, or as in India:
    the last three digits, and twos before them.
    """
    for mark in THOUSANDS:
        m = re.escape(mark)
        three, two = rf"[1-9]\d{{0,2}}({m}\d{{3}})+", rf"[1-9]\d?({m}\d{{2}})*{m}\d{{3}}"
        grouped = re.compile(rf"[-+]?(\d{{1,3}}|{three}|{two})|")
        if text.str.contains(mark, regex=False).any() and all(map(grouped.fullmatch, text)):
            return numbers(text.str.replace(mark, "", regex=False), source)
    return numbers(text, source)


def first(mask: pd.Series) -> int:
    """The line of the first true value of a mask (R bool, indexed by line)."""
    return int(mask.index[int(mask.to_numpy(bool).argmax())])


def refusal(
    source: Traversable, line: int, column: Hashable, found: str, expected: str
) -> DataError:
    """The error to raise for one cell of a file."""
    return DataError(
        f"{source}, line {line}, column {column!r}: found {found}, expected {expected}"
    )


def validate(frame: pd.DataFrame, schema: pa.DataFrameSchema, source: Traversable) -> pd.DataFrame:
    """The frame as the schema defines it, or a DataError that lists the first wrong cells.

    ``frame`` is indexed by the line in ``source``. Every check of the schema says in ``error=``
    what it expects.
    """
    try:
        return schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases.to_dict("records")
        shown = "\n".join(f"  {_describe(case)}" for case in cases[:SHOWN])
        more = f"\n  and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
        raise DataError(f"{source}: refused\n{shown}{more}") from error


def _describe(case: dict[Any, Any]) -> str:
    expected = {
        "not_nullable": "a value (missing is not allowed)",
        "field_uniqueness": "a value that occurs once",
    }.get(case["check"], case["check"])
    found = case["failure_case"]
    shown = f"{found:%Y-%m-%d}" if isinstance(found, pd.Timestamp) else repr(found)
    where = "" if pd.isna(case["index"]) else f"line {case['index']}, "
    return f"{where}column {case['column']!r}: found {shown}, expected {expected}"
