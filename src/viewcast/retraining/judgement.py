"""The judged weeks: the loss of each recipe on days that came after its forecast was kept.

One week is judged at a time, and no two weeks share a day. A judgement is written once into
``nights/<channel>/judgements.jsonl``. It is never changed, not even when the source corrects a
count later: evidence that was shown stays what it was.

Shape letters: D days, H days ahead.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base import files
from viewcast.forecast.history import WEEK
from viewcast.forecast.ledger import SERVED, Kept


@dataclass(frozen=True)
class Judgement:
    """The week after ``origin``, to its ``last`` day.

    ``losses``: by recipe, the mean absolute error a day, in views. ``naive``: the same of the
    seasonal naive forecast, None without a week before. ``backtest``: whether the forecasts were
    made after the days, from earlier days only. A recipe that joins later has backtests of its own:
    they are further judgements, maybe of the same weeks.
    """

    origin: date
    last: date
    losses: dict[str, float]
    naive: float | None
    backtest: bool


def read(path: Path) -> list[Judgement]:
    """The judgements of a file, in the order in which they were made; none without the file.

    Refuses (DataError) a damaged line, with its number.
    """
    return files.parsed(path, _parsed)


def _parsed(entry: dict[str, Any]) -> Judgement:
    return Judgement(
        origin=date.fromisoformat(entry["origin"]),
        last=date.fromisoformat(entry["last"]),
        losses=entry["losses"],
        naive=entry["naive"],
        backtest=entry["backtest"],
    )


def append(path: Path, judgements: Iterable[Judgement]) -> None:
    """Add judgements to a file, those that are already there left out."""
    known = {(made.origin, made.backtest, recipe) for made in read(path) for recipe in made.losses}
    for made in judgements:
        if any((made.origin, made.backtest, recipe) not in known for recipe in made.losses):
            days = {"origin": made.origin.isoformat(), "last": made.last.isoformat()}
            files.append(path, {**asdict(made), **days})


def due(lines: Iterable[Kept], views: pd.Series, made: Sequence[Judgement]) -> list[Judgement]:
    """The weeks that can be judged now and are not in ``made``, in order of time.

    ``lines``: of the ledger and of the backtest. ``views`` (D,): the settled days, by day without
    gaps. A week can be judged when all its H days are among them. The next one is that of the first
    kept origin at least H days, and at least a week, after the last judged one. In a backtest each
    recipe has its own sequence of weeks.
    """
    by_origin: dict[tuple[date, bool], dict[str, Kept]] = defaultdict(dict)
    for line in lines:
        if line.recipe != SERVED and _whole(line, views):
            by_origin[line.origin, line.backtest].setdefault(line.recipe, line)
    free = _free(made)
    found = []
    for (origin, backtest), kept in sorted(by_origin.items()):
        now = {
            recipe: line
            for recipe, line in kept.items()
            if origin >= free.get(_sequence(recipe, backtest), date.min)
        }
        if now:
            judged = _judged(origin, backtest, now, views)
            found.append(judged)
            free.update(_free([judged]))
    return found


def _sequence(recipe: str, backtest: bool) -> str | None:
    """Whose weeks may not overlap: those of one recipe in a backtest, all others together."""
    return recipe if backtest else None


def _free(made: Iterable[Judgement]) -> dict[str | None, date]:
    """By sequence: the first origin that shares no day with a judged week."""
    free: dict[str | None, date] = {}
    for each in made:
        after = each.origin + timedelta(days=max(WEEK, (each.last - each.origin).days))
        for sequence in {_sequence(recipe, each.backtest) for recipe in each.losses}:
            free[sequence] = max(after, free.get(sequence, date.min))
    return free


def _whole(line: Kept, views: pd.Series) -> bool:
    """Whether all days of a forecast are known."""
    first: date = views.index[0].date()
    last: date = views.index[-1].date()
    return first <= line.origin and line.origin + timedelta(days=len(line.views)) <= last


def _judged(origin: date, backtest: bool, kept: dict[str, Kept], views: pd.Series) -> Judgement:
    horizon = max(len(line.views) for line in kept.values())
    place = (origin - views.index[0].date()).days + 1
    values = views.to_numpy(np.float64)
    truth = values[place : place + horizon]
    losses = {
        name: float(np.abs(np.asarray(line.views) - truth[: len(line.views)]).mean())
        for name, line in sorted(kept.items())
    }
    naive = None
    if place >= WEEK:
        again = np.resize(values[place - WEEK : place], horizon)
        naive = float(np.abs(again - truth).mean())
    return Judgement(origin, origin + timedelta(days=horizon), losses, naive, backtest)
