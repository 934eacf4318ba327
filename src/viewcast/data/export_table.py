"""One file of an export: its cells as text, its row of totals, and what its columns hold.

Shape letters: R rows, C columns.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import pandas as pd

from viewcast.base.errors import ConfigError
from viewcast.base.quoted import quoted
from viewcast.data import metric
from viewcast.data.cells import plain
from viewcast.data.dates import is_date, is_like_a_day
from viewcast.data.text import File

SAMPLE = 1000  # rows that decide what a column holds; a chart has a row per day and country
SHOWN = 5
CUT = 500  # rows after which YouTube Studio cuts a table
_NUMBER = re.compile(r"[-+]?\d[\d.,'’ \u00a0\u2009\u202f٬٫]*")
_GROUP = re.compile(r"\d+ ?[-–—] ?\d+|\d+ ?\+")
_LETTERS = re.compile(r".*[^\W\d_].*")


@dataclass(frozen=True)
class ExportTable:
    """R rows of C cells as text, indexed by line; a row of totals (or none) apart.

    ``remark``: the last line where it was none of the rows, such as `Showing top 500 results`.
    ``headless``: whether the first line is a row too: the columns are called by their place
    (``column 2``). ``notes``: what is told of how the table was read. ``told``: the one of them on
    its letters, empty for UTF-8. ``delimiter``: what parts the cells of a row.
    """

    source: File
    header: list[str]
    rows: pd.DataFrame
    total: pd.DataFrame
    remark: str | None
    headless: bool = False
    notes: tuple[str, ...] = ()
    told: str = ""
    delimiter: str = ","

    def holds(self, place: int, matches: Callable[[str], object]) -> bool:
        """Whether most cells of a column match; the other cells are refused by line later."""
        filled = [cell for cell in islice(self.rows[place], SAMPLE) if cell]
        alike = sum(bool(matches(cell)) for cell in filled)
        return len(filled) > 0 and alike * 2 >= len(filled)

    @cached_property
    def numbers(self) -> list[int]:
        """Positions of the columns of numbers, which durations (0:04:34) are not."""
        return [place for place in range(1, len(self.header)) if self.holds(place, is_number)]

    def called(self, name: str, column: str | None = None) -> list[int]:
        """Positions of the columns of numbers that hold this metric.

        ``column``: the header, or the place (``column 2``), of the one that does; None for those
        whose header means it, and for the only one of a table without a header.
        """
        numbers = self.numbers
        if column is not None:
            wanted = metric.folded(column)
            named = [place for place in numbers if metric.folded(self.header[place]) == wanted]
            chosen = {wanted, f"column {wanted}"}  # by its number alone, too
            return named or [place for place in numbers if by_place(place) in chosen]
        if self.headless and len(numbers) == 1 and name == metric.VIEWS:
            return numbers
        named = [place for place in numbers if metric.called(self.header[place], name)]
        return [p for p in named if not metric.is_ambiguous(self.header[p])] or named

    @cached_property
    def dimensions(self) -> list[int]:
        """Positions of the columns of words or of groups, such as the country or the age."""
        numbers = set(self.numbers)
        places = (place for place in range(1, len(self.header)) if place not in numbers)
        return [place for place in places if self.holds(place, is_of_group)]

    def has_days(self) -> bool:
        """Whether its rows begin with days."""
        return self.holds(0, is_date)

    def is_dated(self) -> bool:
        """Whether its rows have days and numbers."""
        return self.has_days() and bool(self.numbers)

    def is_daily(self) -> bool:
        """Whether there is one row per day, with numbers."""
        return self.is_dated() and not self.dimensions

    def is_odd(self) -> bool:
        """Whether it is none of the tables of an export, whose other ones have no days to read."""
        alone = len(self.rows) == 0 or len(self.header) == 1
        return alone or (not self.has_days() and self.holds(0, is_like_a_day))

    def is_cut(self) -> bool:
        """Whether it holds the best rows only, as YouTube Studio cuts a table."""
        return self.remark is not None or len(self.rows) == CUT

    def of_channel(self, channel: str) -> "ExportTable":
        """The rows with this word in one of the columns of words, which are left out.

        Refuses (ConfigError) a word that no row has, with some that rows do have.
        """
        for place in self.dimensions:
            chosen = self.rows[self.rows[place] == channel]
            if len(chosen):
                words = self.dimensions
                kept = [p for p in range(len(self.header)) if p not in words]
                header = [self.header[p] for p in kept]
                rows = chosen[kept].set_axis(range(len(kept)), axis="columns")
                return replace(self, header=header, rows=rows, total=rows.iloc[:0])
        raise ConfigError(f"{self.source}: found no channel {quoted(channel)}; {self.named()}")

    def named(self) -> str:
        """The words in the columns of words: some of each."""
        parts = []
        for place in self.dimensions:
            words = self.rows[place].unique().tolist()
            more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
            shown = ", ".join(quoted(word) for word in words[:SHOWN])
            parts.append(f"{quoted(self.header[place])} holds {shown}{more}")
        return "; ".join(parts) or "no column holds words"


def by_place(place: int) -> str:
    """What a column is called where a table has no header."""
    return f"column {place + 1}"


def is_number(cell: str) -> bool:
    """Whether a cell looks like a number, which a duration (0:04:34) is not."""
    return _NUMBER.fullmatch(plain(cell)) is not None


def is_of_group(cell: str) -> bool:
    """Whether a cell names a group, in words or as ``13-17``."""
    return is_words(cell) or _GROUP.fullmatch(cell) is not None


def is_words(cell: str) -> bool:
    """Whether a cell has a letter."""
    return _LETTERS.fullmatch(cell) is not None
