"""Exports of YouTube Studio and other daily series, in any language, with any file names.

Files and columns are recognised by their content, never by their English names. Totals come from
the file with one row per day. Rows per day and country are not summed instead, because YouTube
leaves small countries out (92.3 % of the views remained in the export that we measured).

Which days of a file count is decided by ``viewcast.data.not_counted``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.quoted import quoted
from viewcast.data import counter, metric
from viewcast.data.cells import counts, refuse_undecided
from viewcast.data.daily import check_days
from viewcast.data.dates import parse_dates
from viewcast.data.export_file import read_table
from viewcast.data.export_table import ExportTable, by_place
from viewcast.data.gaps import bridge, bridged_note, missing, spans
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.no_totals import DAY, beyond_note, left_out_note, no_totals
from viewcast.data.not_counted import LEFT_OUT, Policies, counted
from viewcast.data.raw import csv_files, first, refusal
from viewcast.data.text import SAVE

SHOWN = 5
HOURS = 24
STEPS = {"week": (7, 7), "month": (28, 31), "quarter": (90, 92), "year": (365, 366)}  # in days


@dataclass(frozen=True)
class Wanted:
    """What is read from an export.

    ``metric``: by its name (``viewcast.data.metric``) or by the header of its column. ``channel``:
    the word that stands in the rows of one channel where a file holds several; None where it holds
    one. ``cumulative``: whether the figures are those of a counter, which only grows; the days'
    figures are its differences. ``until``: the last day whose figure is final; None for no limit.
    ``column``: the column that holds the metric, by its header word for word, or by its place in a
    table without a header (``column 2``); None for the one whose header is known to mean it.
    ``limits``: how much the files may hold. ``policies``: what becomes of days whose figures are
    none of a whole day.
    """

    metric: str = metric.VIEWS
    channel: str | None = None
    cumulative: bool = False
    until: date | None = None
    column: str | None = None
    limits: Limits = DEFAULT
    policies: Policies = LEFT_OUT


@dataclass(frozen=True)
class Export:
    """The figures of an export by day, in order, maybe with gaps; ``notes``: what is told of it.

    ``header``: of the column that was read.
    """

    name: str
    views: pd.Series
    header: str
    notes: list[str] = field(default_factory=list)

    @property
    def newest(self) -> date:
        """The last of its days."""
        newest: date = self.views.index[-1].date()
        return newest

    def bridged(self, whole: bool) -> Self:
        """Consecutive days. Refuses (DataError) a long gap."""
        filled = bridge(self.views, self.name, whole)
        notes = [*self.notes, *([bridged_note(filled.days)] if len(filled.days) else [])]
        return type(self)(self.name, filled.series, self.header, notes)

    def settled(self, until: date | None) -> Self:
        """The days up to ``until``, with it; the later ones are told."""
        if until is None or self.views.index[-1] <= pd.Timestamp(until):
            return self
        late = pd.DatetimeIndex(self.views.index[self.views.index > pd.Timestamp(until)])
        note = f"days whose figures are not final yet were left out: {spans(late)}"
        kept = self.views.loc[: pd.Timestamp(until)]
        return type(self)(self.name, kept, self.header, [*self.notes, note])


def read_days(source: Path, wanted: Wanted) -> list[Export]:
    """The daily figures of an export: a folder of CSV files, one CSV file, or the zip of YouTube.

    One for each file that differs; files with the same days are one. Refuses (DataError) an export
    without daily totals, without the metric, or with bad cells, and (ConfigError) a metric or a
    channel that does not exist.
    """
    tables = [read_table(file, wanted.limits) for file in csv_files(source, wanted.limits)]
    if wanted.channel is not None:
        dated = [table for table in tables if table.is_dated() and table.dimensions]
        tables = [table.of_channel(wanted.channel) for table in dated] or tables
    daily = [table for table in tables if table.is_daily()]
    if not daily:
        raise DataError(no_totals(source, tables))
    named = [table for table in daily if table.called(wanted.metric, wanted.column)]
    if not named:
        raise _no_metric(daily, wanted)
    # The table by date holds the same as the totals, but may be cut after 500 rows.
    chosen = [table for table in named if table.total.empty] or named
    exports: list[Export] = []
    for table in chosen:
        _add(exports, _export(table, wanted))
    by_date = [] if chosen is named else [table for table in named if not table.total.empty]
    for table in by_date:
        if _reaches_further(table, exports):
            _add(exports, _export(table, wanted))
    exports[0].notes.extend(left_out_note(table) for table in tables if table.is_odd())
    others = [table for table in tables if all(table is not one for one in named)]
    exports[0].notes.extend(
        beyond_note(table, metric.label(wanted.metric))
        for table in others
        if table.is_dated() and _reaches_further(table, exports)
    )
    return exports


def _add(exports: list[Export], export: Export) -> None:
    if not any(export.views.equals(other.views) for other in exports):
        exports.append(export)


def _reaches_further(table: ExportTable, exports: Sequence[Export]) -> bool:
    """Whether a table lies beside totals of another, earlier download."""
    newest = max(export.views.index[-1] for export in exports)
    try:
        return bool(_dates(table, unique=True).max() > newest)
    except DataError:
        return False


def _export(table: ExportTable, wanted: Wanted) -> Export:
    place = _column(table, wanted)
    header = table.header[place]
    figures = _figures(table, place, wanted)
    dates = _dates(table)
    _refuse_other_steps(table, dates)
    rows, left_out = counted(
        pd.DataFrame({"date": dates, "figure": figures}),
        wanted.cumulative,
        wanted.policies,
        (table.source, header),
    )
    series = check_days(
        rows["date"].rename(table.header[0]),
        rows["figure"].rename(header),
        table.source,
        metric.is_count(wanted.metric),
    )
    if table.is_cut() and len(missing(pd.DatetimeIndex(series.index))):
        raise DataError(_cut(table))
    notes = [*table.notes, *_read_as(table, place, wanted), *left_out]
    if wanted.cumulative:
        series, told = counter.differences(series, table.source, wanted.policies.negative)
        notes += told
    elif counter.looks_cumulative(series):
        notes.append("the figures never fall; if they are those of a counter, cumulative=true")
    return Export(str(table.source), series, header, notes)


def _dates(table: ExportTable, unique: bool = False) -> pd.Series:
    cells = table.rows[0].drop_duplicates() if unique else table.rows[0]
    return parse_dates(cells.rename(table.header[0]), table.source)


def _read_as(table: ExportTable, place: int, wanted: Wanted) -> list[str]:
    """What is told of a column without a header that nobody chose: its only figures are taken."""
    if not table.headless or wanted.column is not None:
        return []
    sample = ", ".join(table.rows[place].iloc[:3])
    return [
        f"{table.header[place]}, the only one of numbers ({sample}, ...), is read as "
        f"{metric.label(wanted.metric)}; put a line above it, such as Date,Views, to say so"
    ]


def _figures(table: ExportTable, place: int, wanted: Wanted) -> pd.Series:
    """The figures of the rows (R); refuses a row of totals that is not their sum."""
    header = table.header[place]
    cells = table.rows[place]
    if len(table.total):
        cells = pd.concat([cells, table.total[place]])
    cells = cells.rename(header)
    decimal = ""
    if metric.is_fraction(header, wanted.metric):
        # Spreadsheets part cells by ; where a comma parts decimals.
        decimal = "," if table.delimiter == ";" else ""
        if table.delimiter == ",":
            refuse_undecided(cells, table.source)
    figures = counts(cells, table.source, decimal)
    days = figures.iloc[: len(table.rows)]
    for line in table.total.index:
        # A total of percentages is their mean, and of times it was rounded by itself.
        if metric.is_count(wanted.metric) and figures[line] != days.sum():
            found = f"{quoted(table.total[0][line])} with {quoted(cells[line])}"
            expected = f"a date, or the sum of all days, {days.sum():.0f}"
            if table.is_cut():
                raise DataError(_cut(table))
            raise refusal(table.source, line, header, found, expected)
    unit = metric.factor(header, wanted.metric)
    return days if unit == 1 else days * unit


def _column(table: ExportTable, wanted: Wanted) -> int:
    chosen, *twins = table.called(wanted.metric, wanted.column)
    header = table.header[chosen]
    if wanted.column is not None:
        metric.refuse_contradiction(header, wanted.metric)
    for twin in twins:
        differs = table.rows[twin] != table.rows[chosen]
        if differs.any():
            line = first(differs)
            found = f"{quoted(table.rows[chosen][line])} and {quoted(table.rows[twin][line])}"
            other = table.header[twin]
            why = (
                "the column occurs twice" if other == header else f"{quoted(other)} means the same"
            )
            raise refusal(
                table.source, line, header, found, f"one value; {why}: name one, column=<number>"
            )
    return chosen


def _cut(table: ExportTable) -> str:
    remark = f" ({quoted(table.remark)})" if table.remark else ""
    return (
        f"{table.source}: YouTube Studio has cut this table{remark}: found the {len(table.rows)} "
        "best days only, expected all; use `Totals.csv` of the export, which has every day"
    )


def _refuse_other_steps(table: ExportTable, dates: pd.Series) -> None:
    """Refuse a table by hour, by week, by month or longer; some of its rows may be missing."""
    days = dates.to_numpy().astype("datetime64[D]").astype(np.int32)  # half the room
    days.sort()
    steps = np.diff(days)
    if len(days) >= 2 * HOURS and len(days) > HOURS / 2 * (1 + np.count_nonzero(steps)):
        raise DataError(
            f"{table.source}, column {quoted(table.header[0])}: found one row per hour, expected "
            f"one per day; {DAY}"
        )
    if len(days) < 3:
        return
    for name, (least, most) in STEPS.items():
        if 2 * np.count_nonzero((steps >= least) & (steps <= most)) > len(steps):
            raise DataError(
                f"{table.source}, column {quoted(table.header[0])}: found one row per {name}, "
                f"expected one per day; {DAY}"
            )


def _no_metric(tables: Sequence[ExportTable], wanted: Wanted) -> Exception:
    table = tables[0]
    headers = [table.header[place] for table in tables for place in table.numbers]
    found = metric.described(headers)
    if table.told:
        found += f" ({table.told}; if letters look wrong, {SAVE})"
    if wanted.column is not None:
        return ConfigError(
            f"{table.source}: found no column {quoted(wanted.column)}, expected one of {found}"
        )
    if wanted.metric != metric.VIEWS:
        name = quoted(wanted.metric)
        return ConfigError(f"{table.source}: found no metric {name}, expected one of {found}")
    if table.headless:
        places = [
            f"{by_place(place)} ({', '.join(table.rows[place].iloc[:3])}, ...)"
            for place in table.numbers[:SHOWN]
        ]
        last = by_place(table.numbers[-1])
        return DataError(
            f"{table.source}, line 1: the table has no header, and several columns of numbers: "
            f"{', '.join(places)}. Which one holds the views? Put a line above them, such as "
            f"Date,Views, or name it: column='{last}' (make run COLUMN='{last}')"
        )
    return DataError(
        f"{table.source}, line 1: found no column that is called views in a language known here, "
        f"but {found}. No other figure is taken for views: export these; if a column holds them, "
        f"name it, column={quoted(headers[-1])} (make run COLUMN=...); or ask for a figure by its "
        f"header, data.metric={quoted(headers[-1])} (make run METRIC=...)"
    )
