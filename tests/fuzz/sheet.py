"""Whole exports as cells: days and their views, in the forms that people have them in."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from viewcast.data.metric_headers import HEADERS

Rows = tuple[tuple[str, ...], ...]
VIEWS = HEADERS["views"].split("|")
DAYS = ("Date", "Datum", "Fecha", "日期", "Дата", "Day", "dato")
FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%dT00:00:00", "%b %d, %Y")
GROUPS = ("", "", "", ",", ".", " ", "'", "\u202f")
EXTRA = ("Subscribers", "Watch time (hours)", "Impressions", "Shares")


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp950", "cp1251")


@dataclass(frozen=True)
class Sheet:
    """An export as cells, and how they become bytes. ``days``: the views of each row's day; None
    where the cell was changed.
    """

    header: tuple[str, ...]
    rows: Rows
    days: tuple[tuple[str, float] | None, ...]
    whole: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    end: str = "\n"
    title: str = ""
    remark: str = ""
    quoted: bool = False
    headed: bool = True

    def content(self) -> bytes:
        """The bytes of the file."""
        lines = [self._line(row) for row in (*([self.header] if self.headed else []), *self.rows)]
        text = self.title + "".join(f"{line}{self.end}" for line in lines) + self.remark
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:  # no letter of this page, or none of any
            return text.encode("utf-8", "surrogatepass")

    def _line(self, row: tuple[str, ...]) -> str:
        return self.delimiter.join(self._cell(cell) for cell in row)

    def _cell(self, cell: str) -> str:
        if self.quoted or any(mark in cell for mark in (self.delimiter, '"', "\n", "\r")):
            doubled = cell.replace('"', '""')
            return f'"{doubled}"'
        return cell

    def right(self) -> dict[str, Any]:
        """What it must be read as."""
        known = dict(day for day in self.days if day is not None)
        return {"days": known, "whole": self.whole}


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Whole exports of 30 to 400 days."""
    count, size = draw(st.integers(30, 400)), draw(st.sampled_from((3, 1_000, 40_000, 2_000_000)))
    first = date(2015, 1, 1) + timedelta(days=draw(st.integers(0, 3_000)))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    views = rng.poisson(size * np.exp(0.3 * rng.standard_normal(count))) + 1
    days = [first + timedelta(days=n) for n in range(count)]
    form, group = draw(st.sampled_from(FORMS)), draw(st.sampled_from(GROUPS))
    extra = draw(st.lists(st.sampled_from(EXTRA), unique=True, max_size=3))
    named = draw(st.sampled_from(VIEWS))
    order = draw(st.sampled_from(("old", "new", "mixed")))
    places = {"old": range(count), "new": range(count)[::-1], "mixed": rng.permutation(count)}
    at = draw(st.integers(1, 1 + len(extra)))
    header, rows = list(extra), []
    header.insert(at - 1, named)
    for place in places[order]:
        cells = [str(rng.integers(0, 50)) for _ in extra]
        cells.insert(at - 1, f"{views[place]:,}".replace(",", group))
        rows.append((f"{days[place]:{form}}", *cells))
    sheet = Sheet(
        (draw(st.sampled_from(DAYS)), *header),
        tuple(rows),
        tuple((days[place].isoformat(), float(views[place])) for place in places[order]),
        delimiter=draw(st.sampled_from((",", ";", "\t"))),
        encoding=draw(st.sampled_from(ENCODINGS)),
        end=draw(st.sampled_from(("\n", "\r\n"))),
        title=draw(st.sampled_from(("", "", "", "sep=,\n", "Views by day\n", "\n\n"))),
        quoted=draw(st.booleans()),
    )
    sheet = replace(sheet, title=sheet.title.replace("=,", f"={sheet.delimiter}"))
    if not extra and draw(st.booleans()):
        total = ("Total", f"{views.sum():,}".replace(",", group))
        return replace(sheet, rows=(total, *sheet.rows), days=(None, *sheet.days))
    return sheet
