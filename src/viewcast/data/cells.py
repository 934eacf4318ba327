"""Cells of text as numbers: digits of any script, groups of thousands, and no silent rounding."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from viewcast.base.quoted import quoted
from viewcast.data.raw import first, refusal

AT_ONCE = 2**14  # cells that are Python's strings at a time
EXACT = 15  # digits that float64 always holds
GROUPS = (",", ".", "'", "’", " ", "\u00a0", "\u2009", "\u202f", "٬")
POINTS = (".", ",", "٫")
_UNDECIDED = re.compile(r"[1-9]\d{0,2}\.\d{3}|\d{0,3}")
_OTHER = {"−": "-", "－": "-", "＋": "+", "，": ",", "．": ".", "／": "/", "：": ":"}
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069\ufeff"))


def plain(cell: str) -> str:
    """A cell with the digits 0 to 9 in place of those of any script, and without marks of the
    direction of writing.
    """
    if cell.isascii():
        return cell
    letters = cell.translate(_UNSEEN)
    if not any(map(str.isdecimal, letters)):
        return letters
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else _OTHER.get(letter, letter)
        for letter in letters
    )


def each(text: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """The changed cells (R strings), some at a time: Python's strings take ten times the room."""
    starts = range(0, len(text), AT_ONCE)
    parts = (text.iloc[start : start + AT_ONCE].tolist() for start in starts)
    if all(change(cell) == cell for part in parts for cell in part):
        return text  # most columns need no second copy
    parts = (text.iloc[start : start + AT_ONCE].tolist() for start in starts)
    arrays = [pa.array(map(change, part), pa.large_string()) for part in parts]
    cells = pa.chunked_array(arrays, pa.large_string())
    return pd.Series(cells, index=text.index, name=text.name, dtype=text.dtype)


def plain_cells(text: pd.Series) -> pd.Series:
    """The cells (R strings) of a column with plain digits; see ``plain``."""
    if pc.all(pc.string_is_ascii(pa.array(text))).as_py() is not False:
        return text
    return each(text, plain)


def numbers(text: pd.Series, source: object) -> pd.Series:
    """Strings (R) to float64; empty becomes NaN.

    Refuses (DataError) any other text that is no finite number, and whole numbers that float64
    would round.
    """
    values = np.empty(len(text))
    for start in range(0, len(text), AT_ONCE):
        part = text.iloc[start : start + AT_ONCE]
        values[start : start + len(part)] = _parsed(part, source)
    return pd.Series(values, index=text.index, name=text.name, copy=False)


def _parsed(text: pd.Series, source: object) -> np.ndarray:
    empty = (text == "").to_numpy(bool)
    values = pd.to_numeric(text.where(~empty), errors="coerce").to_numpy(np.float64, copy=True)
    checks = (
        (np.isnan(values) & ~empty, "a number"),
        (np.isinf(values), "a finite number"),
        (_rounded(text, values), "a number with at most 15 digits, which is kept exactly"),
    )
    for wrong, expected in checks:
        if wrong.any():
            line = first(pd.Series(wrong, index=text.index))
            raise refusal(source, line, text.name, quoted(text[line]), expected)
    return values


def _rounded(text: pd.Series, values: np.ndarray) -> np.ndarray:
    """Which cells stand for another number than the whole number that they would become."""
    long = (text.str.len() > EXACT) | text.str.contains("e", case=False, regex=False)
    wrong = np.zeros(len(text), bool)
    for place in np.flatnonzero(long.to_numpy(bool) & (values == np.round(values))):
        try:
            wrong[place] = Decimal(text.iloc[place]) != Decimal(float(values[place]))
        except InvalidOperation:  # an exponent beyond any number
            wrong[place] = True
    return wrong


def counts(text: pd.Series, source: object, decimal: str = "") -> pd.Series:
    """Strings (R) to float64 as ``numbers``, also as spreadsheets of any language write them.

    A mark counts as a separator of thousands only where it groups the whole column in threes, or as
    in India: the last three digits, and twos before them. A comma is a decimal point only where no
    cell has it twice or before three digits alone. ``decimal``: the mark that is known to be a
    decimal point, which groups nothing; empty where none is known.
    """
    text = plain_cells(text)
    whole = ungrouped(text, decimal)
    if whole is not None:
        return numbers(whole, source)
    refuse_half_grouped(text, source, decimal)
    for point in POINTS[1:]:
        if text.str.contains(point, regex=False).any() and all(map(_decimal(point), text)):
            return numbers(_with_point(text, point), source)
    return numbers(text, source)


def ungrouped(text: pd.Series, decimal: str = "") -> pd.Series | None:
    """Plain strings (R) without separators of thousands, with a decimal point where one is known;
    None where no mark groups the whole column. See ``counts``.
    """
    for mark in GROUPS:
        if mark == decimal or not text.str.contains(mark, regex=False).any():
            continue
        for point in ("", *(point for point in POINTS if point != mark)):
            if point and not text.str.contains(point, regex=False).any():
                continue
            if all(map(_grouped(mark, point).fullmatch, text)):
                return _with_point(text.str.replace(mark, "", regex=False), point)
    return None


def refuse_half_grouped(text: pd.Series, source: object, decimal: str = "") -> None:
    """Refuse (DataError) a column (R plain strings) with ``1,234`` and ``5678``: of two hands, or a
    fraction. ``decimal``: as in ``counts``.
    """
    long = text.str.fullmatch(r"[-+]?\d{4,}")
    for mark in (point for point in POINTS if point != decimal):
        marked = text.str.contains(mark, regex=False)
        three = rf"[-+]?[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})+"
        if long.any() and marked.any() and text[marked].str.fullmatch(three).all():
            found = f"{quoted(text[first(marked)])}, and {quoted(text[first(long)])} elsewhere"
            expected = "figures of which all are grouped in thousands, or none"
            raise refusal(source, first(marked), text.name, found, expected)


def refuse_undecided(text: pd.Series, source: object) -> None:
    """Refuse (DataError) a column (R strings) of fractions whose points may be those of thousands:
    three digits follow each, and no cell says more, as ``0.250`` or ``1.234.567`` would.
    """
    pointed = text.str.contains(".", regex=False)
    if pointed.any() and all(map(_UNDECIDED.fullmatch, text)):
        line = first(pointed)
        found = f"{quoted(text[line])}, which is a thousand and more or a fraction"
        expected = "figures without points between thousands, or with another number of decimals"
        raise refusal(source, line, text.name, found, expected)


def _grouped(mark: str, point: str) -> re.Pattern[str]:
    m = re.escape(mark)
    three, two = rf"[1-9]\d{{0,2}}({m}\d{{3}})+", rf"[1-9]\d?({m}\d{{2}})*{m}\d{{3}}"
    rest = rf"({re.escape(point)}\d+)?" if point else ""
    return re.compile(rf"[-+]?(\d{{1,3}}|{three}|{two}){rest}|")


def _decimal(point: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(rf"[-+]?\d+({re.escape(point)}\d+)?|").fullmatch


def _with_point(text: pd.Series, point: str) -> pd.Series:
    return text if point in {"", "."} else text.str.replace(point, ".", regex=False)
