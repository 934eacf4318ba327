"""The tasks of a panel in one table: what is asked, the best run, the naive forecast, and figures
that others published on data of their own.
"""

from dataclasses import dataclass
from typing import Any

from viewcast.base.numbers import plain
from viewcast.report.figures.panel_rows import Task
from viewcast.report.figures.run_results import Results

ASKED = {
    "each": "each of the next {horizon} days, from {window} days",
    "sum": "the sum of {horizon} days, from the {window} days before",
    "total": "all views after {whole} days, from the first {window}",
}
NEW = {
    "days": "later days of the same videos",
    "videos": "other videos",
    "both": "other videos, later days",
}


@dataclass(frozen=True)
class Row:
    """A line of the table: figures as text, empty where there are none."""

    task: str
    asked: str
    held_out: str
    measure: str
    best: str
    best_name: str
    naive: str
    published: str


@dataclass(frozen=True)
class Table:
    """The tasks of one data set, and the names of the pictures that belong to it."""

    data: str
    label: str
    videos: int
    rows: list[Row]
    pictures: list[str]


def panel_tables(results: Results) -> list[Table]:
    """One for each panel."""
    return [_table(results, data) for data in results.panels]


def _table(results: Results, data: str) -> Table:
    tasks, splits = Task.of(results, data), results.splits(data)
    rows = [_row(task, splits.get(task.split, {})) for task in tasks]
    videos = max((task.best.predictions["entity"].nunique() for task in tasks), default=0)
    kinds = ("errors", "series", "fans", "gaps")
    pictures = [f"{data}_{task.split}_{kind}" for task in tasks for kind in kinds]
    return Table(data, results.label(data), videos, rows, pictures)


def _row(task: Task, split: dict[str, Any]) -> Row:
    best, asked = task.best, split.get("task", {})
    published = [
        f"{name} {plain(figure['validation'], 4)} ({figure['source']})"
        for name, figure in split.get("published", {}).items()
        if figure.get("validation") is not None
    ]
    words = ASKED.get(asked.get("asked", ""), "")
    whole = asked.get("window", 0) + asked.get("horizon", 0)
    return Row(
        task.split,
        words.format(**asked, whole=whole) if words else "",
        NEW.get(split.get("new", ""), ""),
        f"{best['loss'].replace('_', ' ')} ({best['unit']})",
        best.validation,
        best.name,
        "" if task.naive is None else task.naive.validation,
        "; ".join(published),
    )
