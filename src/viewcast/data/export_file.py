"""A file of an export becomes a table: where its rows begin and end, and whether it is whole."""

import re
from collections import deque
from collections.abc import Iterator
from itertools import chain

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.columns import Columns, delimiter, records
from viewcast.data.cut_short import NEIGHBOURS, may_be_cut, refuse_cut
from viewcast.data.dates import is_date
from viewcast.data.export_table import ExportTable, by_place, is_words
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.raw import check_width
from viewcast.data.text import File, Text, read_text

DELIMITERS = ";\t,"  # a comma last: with another one it is that of decimals
TITLES = 2  # lines that may stand above the header
_LABEL = re.compile(r"\D*[^\W\d_]\D*")  # such as Total, in the row of totals
_PLACES = {"", "unnamed: 0", "index"}  # what pandas and others call the numbers of rows
Rows = Iterator[tuple[int, list[str]]]


def read_table(file: File, limits: Limits = DEFAULT) -> ExportTable:
    """The cells of a file without blank lines, a title above the header and a remark below.

    Refuses (DataError) what is no table of text, one beyond ``limits``, and (CutFileError) one that
    ends in the middle of its last line.
    """
    text = read_text(file, limits, any_page=True)
    line, header, rows = _header(text)
    notes = [text.told] if text.told else []
    headless = is_date(header[0])
    if headless:
        rows = chain([(line, header)], rows)
        header = [by_place(place) for place in range(len(header))]
        notes.append("the table has no header: its first line is a day as the others")
    cells, remark = _cells(rows, header, text, limits)
    if _has_places(cells, header):
        notes.append("the first column, the numbers of the rows, was left out")
        cells = cells.iloc[:, 1:].set_axis(range(len(header) - 1), axis="columns")
        header = header[1:]
    days, total = _without_total(cells)
    marks = {"told": text.told, "delimiter": delimiter(text, DELIMITERS)}
    return ExportTable(text.source, header, days, total, remark, headless, tuple(notes), **marks)


def _header(text: Text) -> tuple[int, list[str], Rows]:
    """The first line with several cells, by its number, and the rows behind it.

    What other sites write above it is left out: a title, or ``sep=,``.
    """
    rows = (each for each in records(text, DELIMITERS) if any(each[1]))
    above: list[tuple[int, list[str]]] = []
    for line, row in rows:
        cells = [cell for cell in row if cell]
        if len(cells) > 1 and not cells[0].startswith("sep="):
            return line, row, rows
        above.append((line, row))
        if len(above) > TITLES:
            break
    if not above:
        raise DataError(f"{text.source}, line 1: found no header, expected one")
    (line, header), *others = above
    return line, header, chain(others, rows)


def _cells(
    rows: Rows, header: list[str], text: Text, limits: Limits
) -> tuple[pd.DataFrame, str | None]:
    """The rows, and the last line where it is none of them: `Showing top 500 results`."""
    columns = Columns(len(header), text.source, limits)
    above: deque[list[str]] = deque(maxlen=NEIGHBOURS)
    line, row = next(rows, (0, header))
    for following in rows:
        if len(row) != len(header):
            check_width(text.source, line, row, header)
        columns.add(line, row)
        above.append(row)
        line, row = following
    if not line:
        return columns.frame(), None
    if _is_remark(row, header) and (text.ended or not may_be_cut(row[0], [r[0] for r in above])):
        return columns.frame(), row[0]
    if not text.ended and not text.content.endswith(b'"'):
        refuse_cut(text.source, line, row, [*above], len(header))
    check_width(text.source, line, row, header)
    columns.add(line, row)
    return columns.frame(), None


def _is_remark(row: list[str], header: list[str]) -> bool:
    """Whether a last line is a sentence, in any language; not one cut short in its numbers."""
    label, *rest = row
    short = len(row) != len(header) or not any(rest)
    return is_words(label) and not is_date(label) and short


def _without_total(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows, and the one of totals at their beginning or end; slices, which are no copy."""
    if len(cells) and _is_label(str(cells.iat[0, 0])):
        return cells.iloc[1:], cells.iloc[:1]
    if len(cells) and _is_label(str(cells.iat[-1, 0])):
        return cells.iloc[:-1], cells.iloc[-1:]
    return cells, cells.iloc[:0]


def _is_label(cell: str) -> bool:
    return _LABEL.fullmatch(cell) is not None and not is_date(cell)


def _has_places(cells: pd.DataFrame, header: list[str]) -> bool:
    """Whether the first column numbers the rows, and the second one has the days."""
    if len(header) < 3 or header[0].casefold() not in _PLACES or not len(cells):
        return False
    numbers = cells[0].iloc[:NEIGHBOURS].tolist()
    if not all(number.isdecimal() and len(number) < 16 for number in numbers):
        return False
    steps = [int(number) - place for place, number in enumerate(numbers)]
    return len(set(steps)) == 1 and is_date(str(cells[1].iloc[0]))
