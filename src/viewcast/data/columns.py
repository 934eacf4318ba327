"""The rows of a CSV file as they are read, kept by column and not by row: a tenth of the memory.

Shape letters: R rows, C columns.
"""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow

from viewcast.base.errors import CutFileError, DataError
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.text import Text

AT_ONCE = 2**16  # cells that are Python's strings at a time
TEXT = pd.StringDtype(na_value=np.nan)


def records(
    text: Text, delimiters: str = ",", limits: Limits = DEFAULT
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, header first, as stripped strings, each with the line it begins on.

    The delimiter is the one of ``delimiters`` that the first line with any contains most often.
    Refuses (DataError) what is no CSV, and rows with too many or too long cells.
    """
    start = io.TextIOWrapper(io.BytesIO(text.content), "utf-8", newline="")
    reader = csv.reader(start, delimiter=_delimiter(text, delimiters), strict=True)
    line = 1
    try:
        for row in reader:  # a quoted cell may run over several lines
            limits.refuse("columns", f"{text.source}, line {line}", len(row), "columns")
            yield line, [cell.strip() for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise _no_csv(text, line, str(error)) from error


def _delimiter(text: Text, delimiters: str) -> str:
    if len(delimiters) == 1:
        return delimiters
    start = text.content[:AT_ONCE].decode(errors="ignore").splitlines()
    first = next((line for line in start if any(d in line for d in delimiters)), "")
    return max(delimiters, key=first.count)


def _no_csv(text: Text, line: int, problem: str) -> DataError:
    """The csv module's errors in words."""
    if "unexpected end" in problem:
        problem = 'found a quote (") that no other one closes'
        if not text.ended:
            return CutFileError(text.source, problem, line)
    if "field limit" in problem:
        problem = 'a cell is longer than any figure or title; is a quote (") not closed'
    return DataError(f"{text.source}, line {line}: not a CSV file ({problem})")


class Columns:
    """R rows of C cells as they are read, kept by column."""

    def __init__(self, width: int, source: object, limits: Limits = DEFAULT) -> None:
        self._source, self._limits, self._width = source, limits, width
        self._every = max(1, AT_ONCE // max(width, 1))
        self._rows: list[list[str]] = []
        self._lines: list[int] = []
        self._kept: list[pyarrow.Table] = []
        self._numbers: list[np.ndarray] = []
        self._names = [str(place) for place in range(width)]

    def add(self, line: int, row: list[str]) -> None:
        """One more row of C cells. Refuses (DataError) cells and rows beyond the limits."""
        self._rows.append(row)
        self._lines.append(line)
        if len(self._rows) == self._every:
            self._keep()

    def frame(self) -> pd.DataFrame:
        """All rows as text (R, C), by line; the columns are 0 .. C - 1."""
        self._keep()
        table = pyarrow.concat_tables(self._kept)
        self._kept.clear()
        frame: pd.DataFrame = table.to_pandas(
            types_mapper={pyarrow.large_string(): TEXT}.get, self_destruct=True, split_blocks=True
        )
        frame.columns = pd.RangeIndex(self._width)
        frame.index = _by_line(np.concatenate(self._numbers))
        return frame

    def _keep(self) -> None:
        cells = zip(*self._rows, strict=True) if self._rows else [()] * self._width
        arrays = [pyarrow.array(column, pyarrow.large_string()) for column in cells]
        part = pyarrow.Table.from_arrays(arrays, names=self._names)
        self._numbers.append(np.array(self._lines, np.int64))
        self._kept.append(part)
        self._check(part)
        self._rows, self._lines = [], []

    def _check(self, part: pyarrow.Table) -> None:
        read = sum(map(len, self._numbers))
        self._limits.refuse("rows", self._source, read, "rows or more")
        longest = max((max(map(len, row), default=0) for row in self._rows), default=0)
        if longest > self._limits.cell:
            place = next(
                place
                for place, row in enumerate(self._rows)
                if max(map(len, row)) > self._limits.cell
            )
            where = f"{self._source}, line {self._lines[place]}"
            self._limits.refuse("cell", where, longest, "characters in a cell")


def _by_line(lines: np.ndarray) -> "pd.Index[int]":
    """The index of rows; lines one after another take no room."""
    if len(lines) and (np.diff(lines) == 1).all():
        return pd.RangeIndex(lines[0], lines[-1] + 1, name="line")
    return pd.Index(lines, name="line")
