"""Why no file of an export has daily totals, in words, and what to do."""

import re
from collections.abc import Sequence
from pathlib import Path

from viewcast.base.quoted import listed, quoted
from viewcast.data import metric
from viewcast.data.dates import EXAMPLES, is_like_a_day
from viewcast.data.export_table import ExportTable

SHOWN = 5
_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ]+\d{1,2}:\d{2}.*")
ONE_COLUMN = "it has one column; what parts cells is a comma, a semicolon or a tab"
_SERIAL = re.compile(r"[34]\d{4}(\.0)?")
_LONGER = re.compile(r"\d{4}-\d\d?|\d{4}-?W\d\d?|[^\W\d]+\.? \d{4}|\d{4}|.*20\d\d.*20\d\d.*")
DAY = "choose Day in YouTube Studio, above the chart, and export again"


def no_totals(source: Path, tables: Sequence[ExportTable]) -> str:
    """The message for tables of which none has one row per day, with numbers."""
    seen = [f"{source}: found no daily totals, expected dates in the first column and counts"]
    for table in tables[:SHOWN]:
        rows = [
            f"line {line}: {listed(table.rows.loc[line].tolist())}" for line in table.rows.index[:1]
        ]
        shown = (rows or ["no rows"])[0]
        seen.append(f"  {table.source.name}: found {listed(table.header)}, {shown}")
        seen += [f"  {cause}" for cause in _causes(table)]
    return "\n".join([*seen, "  use `Totals.csv` of the export, or its table by date"])


def left_out_note(table: ExportTable) -> str:
    """What is told of a table beside daily totals that is none of an export's tables."""
    first = [str(cell) for cell in table.rows.iloc[0]] if len(table.rows) else []
    below = f"and below it {listed(first)}" if first else "and no rows"
    found = f"{listed(table.header)} {below}"
    return f"{table.source.name} has no figures by day and was left out: found {found}"


def beyond_note(table: ExportTable, wanted: str) -> str:
    """What is told of a table of later days than the daily totals beside it, which has none.

    ``wanted``: the metric in words.
    """
    lacks = f"and no column that is called {wanted}"
    if table.dimensions:
        lacks = f"and rows per {quoted(table.header[table.dimensions[0]])}"
    return f"{table.source.name} was left out: it has later days than the totals, {lacks}"


def _causes(table: ExportTable) -> list[str]:
    if table.is_dated() and table.dimensions:
        return [
            f"rows per {quoted(table.header[table.dimensions[0]])} do not add up to the day "
            "(countries reach 92.3 %)",
            f"one of them: data.channel=<word>, where {table.named()}",
        ]
    if len(table.rows) == 0 or len(table.header) == 1:
        return [ONE_COLUMN] if len(table.rows) else []
    first = [str(cell) for cell in table.rows.iloc[0]]
    if _TIME.fullmatch(first[0]) or (not table.has_days() and table.holds(0, is_like_a_day)):
        return [_unread_day(first[0])]
    views = [place for place, name in enumerate(table.header) if metric.known(name) == "views"]
    if views and table.has_days():
        found = quoted(first[views[0]])
        return [f"{found} is no whole number: export the figures as they are, without a unit"]
    if views and views[0] > 0:
        return [
            f"a row for each {quoted(table.header[0])} and no days; a table of many videos with a "
            "row for each day is read by `make run DATA=videos SOURCE=<table> NAME=<name>`"
        ]
    return []


def _unread_day(cell: str) -> str:
    """What is said of a cell in place of a day that stands for a time, and for no day."""
    if _TIME.fullmatch(cell):
        return f"{quoted(cell)} is a time of day, and a day is expected: {DAY}"
    if _SERIAL.fullmatch(cell):
        return (
            f"{quoted(cell)} is a day as a spreadsheet counts them: give the column the form of a "
            "date there, and save the table again"
        )
    if _LONGER.fullmatch(cell):
        return f"{quoted(cell)} is longer than a day, and a day is expected: {DAY}"
    return f"{quoted(cell)} is no date in a form that is read here, such as {EXAMPLES}"
