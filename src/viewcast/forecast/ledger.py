"""The ledger: every forecast, kept before its days exist.

Each night adds one line for each recipe, for the combination, and for the forecast that serves.
Lines are never changed: a score that is counted later reuses no validation row. Lines of a backtest
have the same shape and lie in a file of their own; their days were known when they were made, and
their recipes were fitted on earlier days only.

Shape letters: H days ahead.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from viewcast.base import files

COMBINATION = "combination"  # the mean of the logs of its members
SERVED = "served"  # what users were given, whichever recipe and version it came from


@dataclass(frozen=True)
class Kept:
    """A kept forecast of the H days after ``origin``, the newest day that it knew.

    ``recipe``: its name, or COMBINATION, or SERVED. ``views``: (H,) one per day ahead. ``low``,
    ``high``: (H,) the ends of their intervals. ``total``: low, forecast and high of the sum of the
    H days. Intervals are None where there were too few errors. ``code``: identity of code and
    settings. ``data``: hash of the days it was made from. ``version``: of the registered model,
    None in a backtest. ``backtest``: whether it was made after its days. ``habit``: the first day
    of the newest confirmed change of habit that it knew; None for none.
    """

    origin: date
    recipe: str
    views: tuple[float, ...]
    low: tuple[float, ...] | None
    high: tuple[float, ...] | None
    total: tuple[float, float, float] | None
    code: str
    data: str
    version: int | None
    backtest: bool
    habit: date | None = None


def read(path: Path) -> list[Kept]:
    """The lines of a ledger, the oldest first; none without the file.

    Refuses (DataError) a damaged line, with its number.
    """
    return files.parsed(path, _parsed)


def append(path: Path, lines: Iterable[Kept]) -> None:
    """Add the lines whose origin and recipe are not in the ledger yet."""
    known = {(line.origin, line.recipe) for line in read(path)}
    add(path, (line for line in lines if (line.origin, line.recipe) not in known))


def add(path: Path, lines: Iterable[Kept]) -> None:
    """Add lines in one step, whatever the file holds."""
    new = [_plain(line) for line in lines]
    if new:
        files.append(path, *new)


def _plain(line: Kept) -> dict[str, Any]:
    habit = None if line.habit is None else line.habit.isoformat()
    return {**asdict(line), "origin": line.origin.isoformat(), "habit": habit}


def _parsed(line: dict[str, Any]) -> Kept:
    optional = {
        key: None if line[key] is None else tuple(line[key]) for key in ("low", "high", "total")
    }
    return Kept(
        **{
            **line,
            **optional,
            "origin": date.fromisoformat(line["origin"]),
            "views": tuple(line["views"]),
            "habit": date.fromisoformat(line["habit"]) if line.get("habit") else None,
        }
    )
