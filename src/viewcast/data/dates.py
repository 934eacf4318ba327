"""Dates as people and programs write them: one form for a whole column, never guessed cell by cell.

An export has ISO dates; a spreadsheet saves them in any of the orders of its language; other sites
write ``20261231``, ``2026123100`` or ``2026-12-31T00:00:00``.
"""

import re
from importlib.resources.abc import Traversable
from itertools import product

import pandas as pd

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
_MIDNIGHT = r"([T ]00:00(:00(\.0+)?)?(Z|\+00:?00)?)?"
DATE = re.compile(rf"({_NUMBERS}|{_ENGLISH}){_MIDNIGHT}")
_AFTER = re.compile(rf"(?<=\d){_MIDNIGHT}$")
_HOUR = re.compile(r"^((19|20)\d{6})00$")
SAMPLE = 100  # cells that decide which forms are tried on the whole column


def parse_dates(text: pd.Series, source: Traversable) -> pd.Series:
    """The dates of a whole column, in the one format that reads all of it.

    ``text`` holds R strings, indexed by the line in ``source``; R dates are returned. Where several
    formats read every line (``03-04-2021``), the format that gives consecutive days is taken.
    Refuses (DataError) lines that are no date in the format of the other lines, and a column that
    stays ambiguous.
    """
    plain = text.map(lambda cell: _HOUR.sub(r"\1", _AFTER.sub("", cell)))
    sample = plain.iloc[:: max(1, len(plain) // SAMPLE)]
    formats = [form for form in DATE_FORMATS if _read(sample, form).notna().any()]
    readings = {form: _read(plain, form) for form in formats or DATE_FORMATS}
    most = max(dates.notna().sum() for dates in readings.values())
    best = {form: dates for form, dates in readings.items() if dates.notna().sum() == most > 0}
    if most < len(text):
        _refuse_date(text, best, source)
    gapless = [dates for dates in best.values() if consecutive(dates)]
    chosen, *others = gapless or list(best.values())
    if any(not dates.equals(chosen) for dates in others):
        forms = " and as ".join(best)
        found = f"{text.iloc[0]!r}, which reads as {forms}, and the days do not decide which"
        raise refusal(source, int(text.index[0]), text.name, found, "dates such as 2021-12-31")
    return chosen


def consecutive(dates: pd.Series) -> bool:
    """Whether the dates are those of days without a gap, each once, in any order."""
    span = dates.max() - dates.min()
    return bool(dates.is_unique and span == pd.Timedelta(days=len(dates) - 1))


def _read(text: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(text, format=form, errors="coerce")


def _refuse_date(text: pd.Series, best: dict[str, pd.Series], source: Traversable) -> None:
    line, expected = int(text.index[0]), f"a date such as {EXAMPLES}"
    if best:
        form, dates = next(iter(best.items()))
        line, other = first(dates.isna()), text[first(dates.notna())]
        expected = f"a date like {other!r} ({form}) as in the other lines"
    raise refusal(source, line, text.name, repr(text[line]), expected)
