"""The rows of a CSV file as they are read, kept by column and not by row: a tenth of the memory.

Shape letters: R rows, C columns.
"""

import csv
import io
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as pc
from numpy.typing import NDArray

from viewcast.base.errors import CutFileError, DataError
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.text import Text

AT_ONCE = 2**14  # cells that are Python's strings at a time
_QUOTED = re.compile('"[^"]*"')
Lines = range | NDArray[np.int64]
TEXT = pd.StringDtype(na_value=np.nan)


def records(text: Text, delimiters: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, header first, as stripped strings, each with the line it begins on.

    Refuses (DataError) what is no CSV.
    """
    start = io.TextIOWrapper(io.BytesIO(text.content), "utf-8", newline="")
    reader = csv.reader(start, delimiter=delimiter(text, delimiters), strict=True)
    line = 1
    try:
        for row in reader:  # a quoted cell may run over several lines
            yield line, list(map(str.strip, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _no_csv(text, line, str(error)) from error


def delimiter(text: Text, delimiters: str) -> str:
    """The one of ``delimiters`` that the first line with any contains most often outside of quotes;
    of equal ones the first.
    """
    if len(delimiters) == 1:
        return delimiters
    start = text.content[:AT_ONCE].decode(errors="ignore").splitlines()
    unquoted = (_QUOTED.sub("", line) for line in start)
    first = next((line for line in unquoted if any(d in line for d in delimiters)), "")
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
    """R rows of C cells as they are read, kept by column. Refuses (DataError) too many columns."""

    def __init__(self, width: int, source: object, limits: Limits = DEFAULT) -> None:
        limits.refuse("columns", source, width, "columns")
        self._source, self._limits, self._width = source, limits, width
        self._most = max(AT_ONCE, width)
        self._cells: list[str] = []  # of one row after another
        self._lines: list[int] = []
        self._kept: list[pyarrow.Table] = []
        self._numbers: list[Lines] = []
        self._names = [str(place) for place in range(width)]

    def add(self, line: int, row: list[str]) -> None:
        """One more row of C cells. Refuses (DataError) cells and rows beyond the limits."""
        self._cells += row
        self._lines.append(line)
        if len(self._cells) >= self._most:
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
        frame.index = _by_line(self._numbers)
        return frame

    def _keep(self) -> None:
        columns = (self._cells[place :: self._width] for place in range(self._width))
        # Of many small parts Arrow's own allocator keeps half as much again as they take.
        pool = pyarrow.system_memory_pool()
        arrays = [pyarrow.array(each, pyarrow.large_string(), memory_pool=pool) for each in columns]
        self._numbers.append(_packed(self._lines))
        self._kept.append(pyarrow.Table.from_arrays(arrays, names=self._names))
        self._cells, self._lines = [], []
        self._limits.refuse("rows", self._source, sum(map(len, self._numbers)), "rows or more")
        for array in arrays:
            lengths = pc.utf8_length(array).to_numpy(zero_copy_only=False)
            longest = int(lengths.max(initial=0))
            if longest > self._limits.cell:
                line = self._numbers[-1][lengths.argmax()]
                where = f"{self._source}, line {line}"
                self._limits.refuse("cell", where, longest, "characters in a cell")


def _packed(lines: list[int]) -> Lines:
    """Numbers of lines; those one after another take no room."""
    if lines and lines[-1] - lines[0] == len(lines) - 1:
        return range(lines[0], lines[-1] + 1)
    return np.array(lines, np.int64)


def _by_line(parts: list[Lines]) -> "pd.Index[int]":
    filled = [part for part in parts if len(part)]
    follow = all(one[-1] + 1 == other[0] for one, other in pairwise(filled))
    if filled and follow and all(isinstance(part, range) for part in filled):
        return pd.RangeIndex(filled[0][0], filled[-1][-1] + 1, name="line")
    index: pd.Index[int] = pd.Index(np.concatenate(parts), dtype="int64", name="line")
    return index
