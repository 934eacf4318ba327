"""Dates as people and programs write them: one form for a whole column, never guessed cell by cell.

An export has ISO dates; a spreadsheet saves them in any of the orders of its language; other sites
write ``20261231``, ``2026123100`` or ``2026-12-31T00:00:00``.
"""

import re
from itertools import product

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.quoted import quoted
from viewcast.data.cells import AT_ONCE, each, plain
from viewcast.data.month_names import with_english_month
from viewcast.data.raw import first, refusal

_ORDERS = ("%Y{0}%m{0}%d", "%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y")
_WORDS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y")  # in English
DATE_FORMATS = (
    *(order.format(separator) for order, separator in product(_ORDERS, "-/.")),
    "%Y%m%d",
    *_WORDS,
)
EXAMPLES = "2021-12-31, 31.12.2021, 12/31/2021, 20211231, Dec 31, 2021 or 31 Dec 2021"
_NUMBERS = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(19|20)\d{6}(00)?"
_ENGLISH = r"[A-Z][a-z]{2,8} \d{1,2}, \d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4}"
_ZONE = r"( ?(Z|UTC|GMT|[-+]\d\d:?(\d\d)?))?"  # of a local midnight: the day is the one written
_TWELVE = r"12:00(:00)? ?[Aa]\.?[Mm]\.?|(上午|午前|오전) ?(12|0?0):00(:00)?"
_MIDNIGHT = rf"([T ] ?(0?0:00(:00([.,]0+)?)?|{_TWELVE}){_ZONE})?"
_DATE = re.compile(rf"({_NUMBERS}|{_ENGLISH}){_MIDNIGHT}")
_AFTER = re.compile(rf"(?<=\d){_MIDNIGHT}$")
_HOUR = re.compile(r"^((19|20)\d{6})00$")
_LIKE_A_DAY = re.compile(
    r".{0,30}(?<!\d)(19|20|25)\d\d(?!\d).{0,30}|[34]\d{4}(\.0)?"
    r"|\d{1,4}\W{1,3}\d{1,2}\W{1,3}\d{1,4}.{0,20}"
)
SAMPLE = 100  # cells that decide which forms are tried on the whole column


def is_date(cell: str) -> bool:
    """Whether a cell looks like a day in one of the forms that are read."""
    return _DATE.fullmatch(_in_english(cell)) is not None


def is_like_a_day(cell: str) -> bool:
    """Whether a cell may stand for a time, in whatever form: it has a year, or is parted as dates
    are, or is the number of a day in a spreadsheet.
    """
    return _LIKE_A_DAY.fullmatch(plain(cell)) is not None


def parse_dates(text: pd.Series, source: object) -> pd.Series:
    """The dates of a whole column, in the one format that reads all of it.

    ``text`` holds R strings, indexed by the line in ``source``; R dates are returned. Where several
    formats read every line (``03-04-2021``), the format that gives consecutive days is taken.
    Refuses (DataError) lines that are no date in the format of the other lines, and a column that
    stays ambiguous.
    """
    days = each(text, _day)
    # Cell by cell: of a slice with steps Arrow copies the whole column first.
    places = range(0, len(days), max(1, len(days) // SAMPLE))
    sample = pd.Series([days.iloc[place] for place in places], dtype=days.dtype)
    formats = [form for form in DATE_FORMATS if _read(sample, form).notna().any()]
    readings = {form: _read(days, form) for form in formats or DATE_FORMATS}
    most = max(dates.notna().sum() for dates in readings.values())
    best = {form: dates for form, dates in readings.items() if dates.notna().sum() == most > 0}
    if most < len(text):
        _refuse_date(text, best, source)
    if len(best) == 1:
        return next(iter(best.values()))
    gapless = [dates for dates in best.values() if consecutive(dates)]
    chosen, *others = gapless or list(best.values())
    if any(not dates.equals(chosen) for dates in others):
        forms = " and as ".join(best)
        found = f"{quoted(text.iloc[0])}, which reads as {forms}, and the days do not decide which"
        raise refusal(source, int(text.index[0]), text.name, found, "dates such as 2021-12-31")
    return chosen


def parse_beside(text: pd.Series, days: pd.Series, source: object) -> pd.Series:
    """The dates of a column as ``parse_dates``; where they are ambiguous, in the form in which the
    cells of the column of days beside it, ``days``, are consecutive together with them.
    """
    try:
        return parse_dates(text, source)
    except DataError:
        both = pd.Series(pd.concat([text, days]).unique(), name=text.name)
        try:
            dates = parse_dates(both, source)
        except DataError:
            dates = None
        if dates is None:
            raise
        return text.map(dict(zip(both, dates, strict=True)))


def consecutive(dates: pd.Series) -> bool:
    """Whether the dates are those of days without a gap, each once, in any order."""
    span = dates.max() - dates.min()
    return bool(dates.is_unique and span == pd.Timedelta(days=len(dates) - 1))


def _day(cell: str) -> str:
    """A cell without its midnight, in plain digits and with an English month."""
    if len(cell) == len("2026-12-31") and cell[4] == "-" and cell.isascii():
        return cell
    return _HOUR.sub(r"\1", _AFTER.sub("", _in_english(cell)))


def _in_english(cell: str) -> str:
    return with_english_month(plain(cell))


def _read(text: pd.Series, form: str) -> pd.Series:
    days = np.empty(len(text), "datetime64[us]")
    for start in range(0, len(text), AT_ONCE):
        part = text.iloc[start : start + AT_ONCE]
        days[start : start + len(part)] = pd.to_datetime(part, format=form, errors="coerce")
    return pd.Series(days, index=text.index, name=text.name, copy=False)


def _refuse_date(text: pd.Series, best: dict[str, pd.Series], source: object) -> None:
    line, expected = int(text.index[0]), f"a date such as {EXAMPLES}"
    if best:
        form, dates = next(iter(best.items()))
        line, other = first(dates.isna()), text[first(dates.notna())]
        expected = f"a date like {quoted(other)} ({form}) as in the other lines"
    raise refusal(source, line, text.name, quoted(text[line]), expected)
