"""One file of an export: its cells as text, its row of totals, and what its columns hold.

Shape letters: R rows, C columns.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path

import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.data import metric
from viewcast.data.dates import DATE
from viewcast.data.raw import check_widths, read_rows, read_text

SAMPLE = 1000  # rows that decide what a column holds; a chart has a row per day and country
SHOWN = 5
TITLES = 2  # lines that may stand above the header
CUT = 500  # rows after which YouTube Studio cuts a table
_NUMBER = re.compile(r"[-+]?\d[\d.,'’ \u00a0\u202f]*")
_LETTERS = re.compile(r".*[^\W\d_].*")
_LABEL = re.compile(r"\D*[^\W\d_]\D*")  # such as Total, in the row of totals


@dataclass(frozen=True)
class ExportTable:
    """R rows of C cells as text, indexed by line; a row of totals (or none) apart.

    ``remark``: the last line where it was none of the rows, such as `Showing top 500 results`.
    ``ended``: whether the last row ends with the end of a line; a file that is still being written
    does not.
    """

    source: Traversable
    header: list[str]
    rows: pd.DataFrame
    total: pd.DataFrame
    remark: str | None
    ended: bool

    def holds(self, place: int, matches: Callable[[str], object]) -> bool:
        """Whether most cells of a column match; the other cells are refused by line later."""
        filled = [cell for cell in islice(self.rows[place], SAMPLE) if cell]
        alike = sum(bool(matches(cell)) for cell in filled)
        return len(filled) > 0 and alike * 2 >= len(filled)

    def numbers(self) -> list[int]:
        """Positions of the columns of numbers, which durations (0:04:34) are not."""
        return [
            place for place in range(1, len(self.header)) if self.holds(place, _NUMBER.fullmatch)
        ]

    def called(self, name: str) -> list[int]:
        """Positions of the columns of numbers that hold this metric."""
        return [place for place in self.numbers() if metric.called(self.header[place], name)]

    def dimensions(self) -> list[int]:
        """Positions of the columns of words, such as the country."""
        numbers = self.numbers()
        places = (place for place in range(1, len(self.header)) if place not in numbers)
        return [place for place in places if self.holds(place, _LETTERS.fullmatch)]

    def is_dated(self) -> bool:
        """Whether its rows have days and numbers."""
        return self.holds(0, DATE.fullmatch) and bool(self.numbers())

    def is_daily(self) -> bool:
        """Whether there is one row per day, with numbers."""
        return self.is_dated() and not self.dimensions()

    def is_cut(self) -> bool:
        """Whether it holds the best rows only, as YouTube Studio cuts a table."""
        return self.remark is not None or len(self.rows) == CUT

    def of_channel(self, channel: str) -> "ExportTable":
        """The rows with this word in one of the columns of words, which are left out.

        Refuses (ConfigError) a word that no row has, with some that rows do have.
        """
        for place in self.dimensions():
            chosen = self.rows[self.rows[place] == channel]
            if len(chosen):
                words = self.dimensions()
                kept = [p for p in range(len(self.header)) if p not in words]
                header = [self.header[p] for p in kept]
                rows = chosen[kept].set_axis(range(len(kept)), axis="columns")
                return replace(self, header=header, rows=rows, total=rows.iloc[:0])
        raise ConfigError(f"{self.source}: found no channel {channel!r}; {self.named()}")

    def named(self) -> str:
        """The words in the columns of words: some of each."""
        parts = []
        for place in self.dimensions():
            words = list(dict.fromkeys(self.rows[place]))
            more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
            parts.append(f"{self.header[place]!r} holds {', '.join(words[:SHOWN])}{more}")
        return "; ".join(parts) or "no column holds words"


def read_table(file: Traversable) -> ExportTable:
    """The cells of a file without blank lines, a title above the header and a remark below."""
    rows = read_rows(file, delimiters=",;\t")
    lines = {line: row for line, row in rows.items() if any(row)}
    _drop_title(lines)
    if not lines:
        raise DataError(f"{file}, line 1: found no header, expected one")
    header = lines.pop(min(lines))
    label, *rest = lines[max(lines)] if lines else [""]
    remark = None
    # `Showing top 500 results`, in any language; a line cut short in its numbers is not dropped.
    short = len(rest) + 1 != len(header) or not any(rest)
    if _LETTERS.fullmatch(label) and not DATE.fullmatch(label) and short:
        remark = label
        del lines[max(lines)]
    check_widths(lines, header, file)
    places = range(len(header))
    cells = pd.DataFrame(list(lines.values()), index=list(lines), columns=places, dtype="str")
    ends = [*cells.index[:1], *cells.index[-1:]]
    total = [
        line
        for line in ends
        if _LABEL.fullmatch(lines[line][0]) and not DATE.fullmatch(lines[line][0])
    ][:1]
    # A member of a zip is whole, or the zip is refused.
    ended = not isinstance(file, Path) or read_text(file).endswith("\n")
    return ExportTable(file, header, cells.drop(total), cells.loc[total], remark, ended)


def _drop_title(lines: dict[int, list[str]]) -> None:
    """Leave out the lines above the header that other sites write: a title, or ``sep=,``."""
    above: list[int] = []
    for line in sorted(lines)[: TITLES + 1]:
        cells = [cell for cell in lines[line] if cell]
        if len(cells) > 1 and not cells[0].startswith("sep="):
            for title in above:
                del lines[title]
            return
        above.append(line)
