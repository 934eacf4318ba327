"""Reading of raw CSV files as text, and refusal of what the text does not hold.

Every value stays a string until a schema has seen it, so that nothing is guessed on the way in
(the country code ``NA`` is Namibia, not a missing value). Line numbers are those of the file as an
editor shows it: the header is line 1.
"""

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from viewcast.errors import DataError

SHOWN = 5


def read_text(path: Path) -> str:
    """The text of a file, without byte-order mark and without soft hyphens.

    Refuses (DataError) a file that is missing, empty, or not UTF-8.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; `dvc pull` brings the embedded data")
    content = path.read_bytes()
    if not content.strip():
        raise DataError(f"{path}: the file is empty; expected a header and rows")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {content[error.start]:#04x} is not UTF-8; "
            "save the file as 'CSV UTF-8' and try again"
        ) from error
    return text.replace("\u00ad", "")


def read_rows(path: Path) -> list[list[str]]:
    """All lines of a CSV file, header first, as lists of stripped strings (R rows, any width)."""
    try:
        rows = list(csv.reader(io.StringIO(read_text(path)), strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file ({error})") from error
    return [[cell.strip() for cell in row] for row in rows]


def read_columns(path: Path, columns: list[str]) -> pd.DataFrame:
    """A CSV file with exactly known columns, as strings; the index is the line in the file.

    Refuses (DataError) missing columns and lines with the wrong number of fields.
    """
    header, *rows = read_rows(path)
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(f"{path}, line 1: columns {missing} are missing; found {header}")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {line}: found {len(row)} fields, expected {len(header)} ({header})"
            )
    lines = pd.RangeIndex(2, len(rows) + 2, name="line")
    return pd.DataFrame(rows, columns=header, index=lines, dtype="str")[columns]


def numbers(text: pd.Series, source: Path) -> pd.Series:
    """Strings to float64; empty becomes NaN, anything else that is no number is refused."""
    empty = text == ""
    parsed = pd.to_numeric(text.where(~empty), errors="coerce").astype("float64")
    wrong = parsed.isna() & ~empty
    if wrong.any():
        line = wrong.idxmax()
        raise DataError(
            f"{source}, line {line}, column {text.name!r}: found {text[line]!r}, expected a number"
        )
    return parsed


def validate(frame: pd.DataFrame, schema: pa.DataFrameSchema, source: Path) -> pd.DataFrame:
    """The frame as the schema wants it, or a DataError that lists the first offending cells.

    ``frame`` is indexed by the line in ``source``; a check names what it expects in ``error=``.
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
    where = "" if pd.isna(case["index"]) else f"line {case['index']}, "
    return f"{where}column {case['column']!r}: found {case['failure_case']!r}, expected {expected}"
