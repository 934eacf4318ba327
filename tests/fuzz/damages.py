"""What goes wrong in the cells of an export, each as a function of the sheet."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from hypothesis import strategies as st

from fuzz import evil
from fuzz.sheet import EXTRA, Sheet

MANY = 25_000  # columns
Damage = Callable[[st.DrawFn, Sheet, int], Sheet]


def _cell(cells: st.SearchStrategy[str], draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """One cell is another; that day is no longer known."""
    row = list(sheet.rows[at])
    row[min(draw(st.integers(0, len(sheet.header) - 1)), len(row) - 1)] = draw(cells)
    return _row(sheet, at, tuple(row))


def _row(sheet: Sheet, at: int, row: tuple[str, ...]) -> Sheet:
    rows, days = list(sheet.rows), list(sheet.days)
    rows[at], days[at] = row, None
    return replace(sheet, rows=tuple(rows), days=tuple(days), whole=False)


def _header(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    named = list(sheet.header)
    named[draw(st.integers(0, len(named) - 1))] = draw(st.sampled_from((*evil.WORDS, *EXTRA)))
    return replace(sheet, header=tuple(named), whole=False)


def _column(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """All cells of a column are the same one."""
    cell, column = draw(evil.cells), draw(st.integers(0, len(sheet.header) - 1))
    rows = (tuple(cell if n == column else c for n, c in enumerate(row)) for row in sheet.rows)
    return replace(sheet, rows=tuple(rows), days=(None,) * len(sheet.days), whole=False)


def _drop(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    end = at + draw(st.integers(1, 3))
    rows, days = sheet.rows[:at] + sheet.rows[end:], sheet.days[:at] + sheet.days[end:]
    return replace(sheet, rows=rows, days=days, whole=False)


def _double(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    rows, days = (*sheet.rows, sheet.rows[at]), (*sheet.days, sheet.days[at])
    return replace(sheet, rows=rows, days=days, whole=False)


def _swap(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """Two rows change places, which changes nothing."""
    rows, days = list(sheet.rows), list(sheet.days)
    rows[0], rows[at], days[0], days[at] = rows[at], rows[0], days[at], days[0]
    return replace(sheet, rows=tuple(rows), days=tuple(days))


def _blank(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """A blank line after each line, which changes nothing."""
    return replace(sheet, end=sheet.end * 2)


def _ragged(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    row = sheet.rows[at]
    return _row(sheet, at, (*row, "7") if draw(st.booleans()) else row[:-1])


def _permuted(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """The first column is the last."""
    rows = tuple((*row[1:], *row[:1]) for row in sheet.rows)
    return replace(sheet, header=(*sheet.header[1:], *sheet.header[:1]), rows=rows, whole=False)


def _wide(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    names = tuple(f"column {n}" for n in range(MANY))
    few = tuple((*row, *("1",) * MANY) for row in sheet.rows[:40])
    return Sheet((*sheet.header, *names), few, sheet.days[:40], whole=False)


def _twin(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """The last column comes twice."""
    rows = tuple((*row, *row[-1:]) for row in sheet.rows)
    return replace(sheet, header=(*sheet.header, sheet.header[-1]), rows=rows, whole=False)


def _lone_cr(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    return replace(sheet, end="\r", whole=False)


def _remark(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    return replace(sheet, remark=draw(st.sampled_from(evil.WORDS)) + sheet.end, whole=False)


def _no_header(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    """The first line is a day, which must not be lost in silence."""
    return replace(sheet, headed=False)


def _decimals(draw: st.DrawFn, sheet: Sheet, at: int) -> Sheet:
    rows = tuple((*row[:1], *(f"{cell}.5" for cell in row[1:])) for row in sheet.rows)
    return replace(sheet, rows=rows, days=(None,) * len(sheet.days), whole=False)


DAMAGES: dict[str, Damage] = {
    "number": partial(_cell, evil.numbers),
    "date": partial(_cell, evil.dates),
    "cell": partial(_cell, evil.cells),
    "header": _header,
    "column": _column,
    "drop": _drop,
    "double": _double,
    "swap": _swap,
    "blank": _blank,
    "ragged": _ragged,
    "permuted": _permuted,
    "wide": _wide,
    "twin": _twin,
    "lone cr": _lone_cr,
    "remark": _remark,
    "no header": _no_header,
    "decimals": _decimals,
}


@st.composite
def damaged(draw: st.DrawFn, sheet: Sheet) -> tuple[Sheet, str]:
    """A sheet with something in its cells that should not be there, or that may be; and what."""
    if not sheet.rows:
        return sheet, "nothing left"
    how = draw(st.sampled_from(list(DAMAGES)))
    at = evil.place(draw(evil.shares), len(sheet.rows))
    return DAMAGES[how](draw, sheet, at), f"{how} at {at}"
