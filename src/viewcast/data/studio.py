"""Exports of YouTube Studio, in any language, with any file names, also saved by a spreadsheet.

Files and columns are recognised by their content, never by their English names. Totals come from
the file with one row per day. Rows per day and country are not summed instead, because YouTube
leaves small countries out (92.3 % of the views remained in the export that we measured).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path

import pandas as pd

from viewcast.base import folders
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.folders import Kind
from viewcast.data.daily import check_daily, parse_dates
from viewcast.data.raw import check_widths, counts, csv_files, first, read_rows, refusal

VIEWS_WORDS = (
    "views aufrufe visualizaciones vistas vues visualizações visualizazzioni weergaven visningar "
    "visninger näyttökerrat wyświetlenia zhlédnutí megtekintések vizionări görüntüleme προβολές "
    "просмотры перегляди 觀看次數 观看次数 視聴回数 조회수 penayangan المشاهدات צפיות"
)

IMPORT = Kind("import")
SAMPLE = 1000  # rows that decide what a column holds; a chart has a row per day and country
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_NUMBER = re.compile(r"[-+]?\d[\d.,'’ \u00a0\u202f]*")
_LETTERS = re.compile(r".*[^\W\d_].*")
_LABEL = re.compile(r"\D*[^\W\d_]\D*")  # such as Total, in the row of totals


def _folded(header: str) -> str:
    return unicodedata.normalize("NFKC", header).casefold()


_VIEWS = {*map(_folded, VIEWS_WORDS.split()), _folded("lượt xem")}


@dataclass(frozen=True)
class _Table:
    """One file: R rows of C cells as text, indexed by line; a row of totals (or none) apart."""

    source: Traversable
    header: list[str]
    rows: pd.DataFrame
    total: pd.DataFrame

    def holds(self, position: int, pattern: re.Pattern[str]) -> bool:
        """Whether most cells of a column match; the other cells are refused by line later."""
        filled = [cell for cell in islice(self.rows[position], SAMPLE) if cell]
        alike = sum(bool(pattern.fullmatch(cell)) for cell in filled)
        return len(filled) > 0 and alike * 2 >= len(filled)

    def metrics(self) -> list[int]:
        """Positions of the columns of numbers, which durations (0:04:34) are not."""
        return [place for place in range(1, len(self.header)) if self.holds(place, _NUMBER)]

    def called(self, column: str | None) -> list[int]:
        """Positions of the metrics with this header; without one, of those called views."""
        wanted = _VIEWS if column is None else {_folded(column)}
        return [place for place in self.metrics() if _folded(self.header[place]) in wanted]

    def dimensions(self) -> list[int]:
        """Positions of the columns of words, such as the country."""
        words = (place for place in range(1, len(self.header)) if self.holds(place, _LETTERS))
        return [place for place in words if not self.holds(place, _NUMBER)]

    def is_daily(self) -> bool:
        """Whether there is one row per day, with numbers."""
        return self.holds(0, _DATE) and bool(self.metrics()) and not self.dimensions()


def read_export(source: Path, column: str | None = None) -> pd.Series:
    """The daily views of an export: a folder of CSV files, one CSV file, or the zip of YouTube.

    Returns the views of D consecutive days (float64, DatetimeIndex of frequency ``D``, name
    ``views``). ``column`` is the header of the metric, needed only where several metrics stand
    side by side and none is called views in a language known here.

    Refuses (DataError) an export without daily totals or with bad cells (see ``check_daily``), and
    (ConfigError) a ``column`` that does not exist.
    """
    tables = [_table(file) for file in csv_files(source)]
    daily = [table for table in tables if table.is_daily()]
    if not daily:
        raise DataError(_no_totals(source, tables))
    named = [table for table in daily if table.called(column)] or daily
    # The table by date holds the same as the totals, but may be cut after 500 rows.
    chosen = [table for table in named if table.total.empty] or named
    series = _series(chosen[0], column)
    for table in chosen[1:]:
        if not _series(table, column).equals(series):
            raise DataError(
                f"{source}: {chosen[0].source.name!r} and {table.source.name!r} both hold daily "
                "totals and differ; expected one; remove the other"
            )
    return series


def import_export(source: Path, into: Path, root: Path, column: str | None = None) -> Path:
    """Copy the CSV files of a checked export, byte for byte, to the folder ``into``; returns it.

    An earlier import in ``into`` is replaced as a whole once the copy is complete; until then it is
    untouched. Refuses, before anything is written, what ``read_export`` refuses (DataError), and a
    folder outside of the project ``root`` or one that holds anything but an earlier import
    (ConfigError). Version 0.1 left no mark in a folder: such a folder is known as an import only if
    it holds the same bytes as this export.
    """
    place = folders.within(root, into)
    read_export(source, column)
    contents = {file.name: file.read_bytes() for file in csv_files(source)}
    if _holds(place, contents):
        folders.note_made(place, IMPORT, list(contents))
    with folders.replacing(root, into, IMPORT) as new:
        for name, content in contents.items():
            (new / name).write_bytes(content)
    return into


def _holds(folder: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a folder holds these files and nothing else."""
    if not folder.is_dir() or {file.name for file in folder.iterdir()} != contents.keys():
        return False
    return all((folder / name).is_file() for name in contents) and all(
        (folder / name).read_bytes() == content for name, content in contents.items()
    )


def _table(file: Traversable) -> _Table:
    """The cells of a file without blank lines and without a last line that is a remark."""
    rows = read_rows(file, delimiters=",;\t")
    lines = {line: row for line, row in rows.items() if any(row)}
    if not lines:
        raise DataError(f"{file}, line 1: found no header, expected one")
    header = lines.pop(min(lines))
    label, *rest = lines[max(lines)] if lines else [""]
    # `Showing top 500 results`, in any language; a line cut short in its numbers is not dropped.
    if _LETTERS.fullmatch(label) and (len(rest) + 1 != len(header) or not any(rest)):
        del lines[max(lines)]
    check_widths(lines, header, file)
    places = range(len(header))
    cells = pd.DataFrame(list(lines.values()), index=list(lines), columns=places, dtype="str")
    ends = [*cells.index[:1], *cells.index[-1:]]
    total = [line for line in ends if _LABEL.fullmatch(lines[line][0])][:1]
    return _Table(file, header, cells.drop(total), cells.loc[total])


def _series(table: _Table, column: str | None) -> pd.Series:
    place = _metric(table, column)
    cells = pd.concat([table.rows, table.total])[place].rename(table.header[place])
    views = counts(cells, table.source)
    dates = parse_dates(table.rows[0].rename(table.header[0]), table.source)
    series = check_daily(dates, views[table.rows.index], table.source)
    for line in table.total.index:
        if views[line] != series.sum():
            found = f"{table.total[0][line]!r} with {cells[line]!r}"
            expected = f"a date, or the sum of all days, {series.sum():.0f}"
            raise refusal(table.source, line, cells.name, found, expected)
    return series


def _metric(table: _Table, column: str | None) -> int:
    names = list(dict.fromkeys(table.header[place] for place in table.metrics()))
    called = table.called(column)
    if column is not None and not called:
        raise ConfigError(f"{table.source}: found no metric {column!r}, expected one of {names}")
    chosen, *twins = called or table.metrics()
    name = table.header[chosen]
    if any(table.header[twin] != name for twin in twins):
        raise DataError(
            f"{table.source}, line 1: found the metrics {names}, expected one that is called views "
            "in a known language; choose one by its header (`column`)"
        )
    for twin in twins:
        differs = table.rows[twin] != table.rows[chosen]
        if differs.any():
            line = first(differs)
            found = f"{table.rows[chosen][line]!r} and {table.rows[twin][line]!r}"
            raise refusal(table.source, line, name, found, "one value; the column occurs twice")
    return chosen


def _no_totals(source: Path, tables: list[_Table]) -> str:
    seen = [f"{source}: found no daily totals, expected dates in the first column and counts"]
    for table in tables:
        rows = [f"line {line}: {table.rows.loc[line].tolist()}" for line in table.rows.index[:1]]
        seen.append(f"  {table.source.name}: found {table.header}, {(rows or ['no rows'])[0]}")
        if table.holds(0, _DATE) and table.dimensions():
            name = table.header[table.dimensions()[0]]
            seen.append(f"  rows per {name!r} do not add up to the day (countries reach 92.3 %)")
    return "\n".join([*seen, "  use `Totals.csv` of the export, or its table by date"])
