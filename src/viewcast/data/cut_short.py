"""A last line without its end: a file that an editor wrote so, or one that is cut short.

A cell that was cut is the beginning of what it was. So a last line is suspect if it has fewer cells
than the header, or if its last cell is shorter than those above it: in its form (``94`` below
``942`` and ``1117``, ``0:04`` below ``0:04:34``), or in its number (``114`` below ``934``).
"""

import re
from collections.abc import Sequence

from viewcast.base.errors import CutFileError
from viewcast.base.quoted import quoted
from viewcast.data.cells import plain

NEIGHBOURS = 28  # rows before the last one that it is compared with
FALL = 2  # a number that lost a digit is a tenth; one of at least half of the smallest is a day's
_LETTER = re.compile(r"[^\W\d_]")


def refuse_cut(
    source: object, line: int, row: Sequence[str], above: Sequence[Sequence[str]], width: int
) -> None:
    """Refuse (CutFileError) the last row of a file if it is suspect; it has no end of a line.

    ``above``: rows before it, in order, each of ``width`` cells.
    """
    if len(row) < width:
        raise CutFileError(
            source, f"found {len(row)} fields, expected {width}, and no end of the line", line
        )
    cells = [one[-1] for one in above[-NEIGHBOURS:]]
    if cells and is_shorter(row[-1], cells):
        raise CutFileError(
            source,
            f"found {quoted(row[-1])} and no end of the line, below {quoted(cells[-1])}",
            line,
        )


def may_be_cut(cell: str, whole: Sequence[str]) -> bool:
    """Whether a cell has the form of the beginning of other ones, and of none of them whole."""
    form, forms = _form(cell), {_form(other) for other in whole}
    return form not in forms and any(other.startswith(form) for other in forms)


def is_shorter(cell: str, above: Sequence[str]) -> bool:
    """Whether a cell is shorter than those above it, at least one, as if it was cut."""
    if plain(cell) == "0":  # no whole number begins so; 0.25 and 0:04:34 do
        return any(len(other) > 1 and plain(other[0]) == "0" for other in above)
    number, numbers = _digits(cell), [_digits(other) for other in above]
    if number is not None and None not in numbers:
        least = min(other for other in numbers if other is not None)
        if number * FALL < least:
            return True
    return may_be_cut(cell, above)


def _form(cell: str) -> str:
    return _LETTER.sub("a", re.sub(r"\d", "9", plain(cell)))


def _digits(cell: str) -> int | None:
    """The digits of a number without its separators; None for a cell with letters or none."""
    digits = re.sub(r"\D", "", plain(cell))[:400]
    return int(digits) if digits and not _LETTER.search(cell) else None
