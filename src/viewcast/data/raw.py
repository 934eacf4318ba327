"""Raw CSV files: reading them as text, and refusing wrong cells by file, line and column.

Every value stays a string until a schema has checked it, so no value is guessed (the country code
``NA`` is Namibia, not a missing value). Lines are numbered as an editor shows them: the header is
line 1.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.base.escaped import is_text
from viewcast.base.quoted import listed, quoted
from viewcast.data.archive import Member, members
from viewcast.data.columns import Columns, records
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.text import File, read_text

SHOWN = 5
HIDDEN = (".", "~$")  # how names begin of what systems add, and Excel beside a file that is open


def is_csv(file: File) -> bool:
    """Whether this is a CSV file, by its name, maybe packed by gzip; hidden files are not, nor are
    those whose names are no text.
    """
    return (
        file.name.lower().endswith((".csv", ".csv.gz"))
        and not file.name.startswith(HIDDEN)
        and is_text(file.name)
        and file.is_file()
    )


def csv_files(source: Path, limits: Limits = DEFAULT) -> Sequence[File]:
    """The CSV files of a folder or of a zip (at any depth, never unpacked), or the one file itself.

    Refuses (DataError) a source without CSV files, a zip that is damaged or that holds several
    files of the same name, and more files or bytes than ``limits`` allow.
    """
    found: Sequence[File] = [source]
    if source.is_dir():
        found = sorted(source.iterdir())
    elif source.suffix.lower() == ".zip" and source.is_file():
        found = members(source, limits)
    files = [file for file in found if is_csv(file)]
    if not files:
        inner = [file.name for file in found if file.name.lower().endswith(".zip")]
        packed = f" but another zip, {quoted(inner[0])}; give that one" if inner else ""
        expected = ", expected a folder, zip or file of CSV"
        if found and source.suffix.lower() == ".zip" and source.is_file():
            expected += f"; it holds {listed([file.name for file in found], SHOWN)}"
        raise DataError(f"{source}: found no CSV file{packed or expected}")
    limits.refuse("files", source, len(files), "CSV files")
    limits.refuse("bytes", source, sum(map(_size, files)), "bytes of CSV in it")
    if len({file.name for file in files}) < len(files):
        raise DataError(
            f"{source}: found CSV files of the same name, expected one export; unpack the zip, and "
            "keep one of them, or each in a folder of its own"
        )
    return files


def read_columns(path: Path, columns: list[str]) -> pd.DataFrame:
    """A CSV file with exactly known columns, as strings; the index is the line in the file.

    Refuses (DataError) missing columns and lines with the wrong number of fields.
    """
    rows = records(read_text(path))
    _, header = next(rows)
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(f"{path}, line 1: columns {missing} are missing; found {listed(header)}")
    cells = Columns(len(header), path)
    for line, row in rows:
        check_width(path, line, row, header)
        cells.add(line, row)
    return cells.frame().set_axis(header, axis="columns")[columns]


def read_header(path: Path) -> list[str]:
    """The cells of the first line of a CSV file."""
    return next(records(read_text(path)))[1]


def check_width(source: object, line: int, row: list[str], header: list[str]) -> None:
    """Refuse (DataError) a row with more or fewer fields than the header."""
    if len(row) != len(header):
        raise DataError(
            f"{source}, line {line}: found {len(row)} fields, expected {len(header)} "
            f"({listed(header)})"
        )


def first(mask: pd.Series) -> int:
    """The line of the first true value of a mask (R bool, indexed by line)."""
    return int(mask.index[int(mask.to_numpy(bool).argmax())])


def refusal(source: object, line: int, column: Hashable, found: str, expected: str) -> DataError:
    """The error to raise for one cell of a file."""
    return DataError(
        f"{source}, line {line}, column {quoted(str(column))}: found {found}, expected {expected}"
    )


@dataclass(frozen=True)
class Check:
    """What is expected of a column: its cells (R, by line), which of them are wrong (R bool)."""

    column: str
    cells: pd.Series
    wrong: NDArray[np.bool_]
    expected: str


def refuse_cells(checks: Sequence[Check], source: object) -> None:
    """Refuse (DataError) wrong cells with the first of them; a million take no more memory."""
    total = sum(int(check.wrong.sum()) for check in checks)
    if not total:
        return
    shown = [
        f"  line {line}, column {quoted(check.column)}: found {_shown(cell)}, "
        f"expected {check.expected}"
        for check in checks
        for line, cell in check.cells[check.wrong].iloc[:SHOWN].items()
    ][:SHOWN]
    more = f"\n  and {total - SHOWN:,} more" if total > SHOWN else ""
    raise DataError("\n".join([f"{source}: refused", *shown]) + more)


def validate(frame: pd.DataFrame, schema: pa.DataFrameSchema, source: object) -> pd.DataFrame:
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
    where = "" if pd.isna(case["index"]) else f"line {case['index']}, "
    found = _shown(case["failure_case"])
    return f"{where}column {quoted(str(case['column']))}: found {found}, expected {expected}"


def _shown(found: Any) -> str:
    if isinstance(found, pd.Timestamp):
        return str(found.to_datetime64().astype("datetime64[D]"))  # Python has no year 10000
    return quoted(found) if isinstance(found, str) else repr(found)


def _size(file: File) -> int:
    return file.size if isinstance(file, Member) else file.stat().st_size
