"""A backtest: forecasts of known days, each from earlier days alone, as a night would have made it.

It stands in for kept forecasts until there are enough: of a channel on its first night, and of a
recipe on the night that first keeps a forecast of it. Each origin is written when it is done, so a
backtest that was stopped goes on where it was, and gives the same lines.

Shape letters: D days, H days ahead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base import progress
from viewcast.base.errors import ConfigError, DataError
from viewcast.forecast import ledger
from viewcast.forecast.combination import combined
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.kept_errors import kept_errors
from viewcast.forecast.ledger import COMBINATION, Kept
from viewcast.forecast.rebase import rebased
from viewcast.forecast.recipe import Recipe, fitted_forecast
from viewcast.forecast.short_history import serving

Vector = NDArray[np.float64]
FEWEST_DAYS = 7  # of a history that a forecast is judged on
Lines = dict[str, dict[date, Kept]]  # by recipe and origin


@dataclass(frozen=True)
class Backtest:
    """How the forecasts of past days are made.

    ``recipes``: by name. ``codes``: the identity of each recipe and of COMBINATION (``recipes.
    identities``). ``combination``: its members from 180 days on; the rule for short histories holds
    before. ``level``, ``half_life``: of the intervals, which come from the errors that were known
    at each origin. ``habits``: the confirmed ones, each used from its first day on.
    """

    recipes: Mapping[str, Recipe]
    codes: Mapping[str, str]
    combination: Sequence[str]
    horizon: int
    level: float
    half_life: float
    habits: Sequence[Habit] = ()

    def run(self, history: History, weeks: int, days: int, path: Path, kept: Path) -> int:
        """Add what is missing to the backtest at ``path``; how many lines.

        ``weeks``, ``days``: of origins, see ``origins_of``. ``kept``: the ledger. A recipe whose
        present code has a line in it is judged by that, and not backtested; nor is an origin that
        it has a line for. Lines of fewer than H days do not count. A recipe that cannot be fitted
        to the days up to an origin has no line of it.
        """
        in_ledger = [line for line in ledger.read(kept) if len(line.views) >= self.horizon]
        seen = {(line.recipe, line.code) for line in in_ledger}
        names = [name for name, code in self.codes.items() if (name, code) not in seen]
        if not names:
            return 0
        lines: Lines = {name: {} for name in self.codes}
        before = ledger.read(path)
        anchor = before[0].origin if before else None
        for line in before:
            if self.codes.get(line.recipe) == line.code and len(line.views) >= self.horizon:
                lines[line.recipe][line.origin] = line
        taken = {(line.origin, line.recipe) for line in in_ledger}
        due = {
            origin: missing
            for origin in origins_of(history, self.horizon, weeks, days, anchor)
            if (
                missing := [n for n in names if origin not in lines[n] and (origin, n) not in taken]
            )
        }
        views = pd.Series(history.views, history.days)
        added = 0
        with progress.origins(len(due)) as advance:
            for origin, missing in due.items():
                new = self._lines(history.until(origin), missing, lines, views)
                ledger.add(path, new)
                for line in new:
                    lines[line.recipe][origin] = line
                added += len(new)
                advance()
        return added

    def _lines(
        self, history: History, names: Sequence[str], lines: Lines, views: pd.Series
    ) -> list[Kept]:
        """The lines of one origin."""
        past = [habit for habit in self.habits if habit.since <= history.newest]
        moved = rebased(history, past)
        found = {name: self._forecast(name, moved) for name in self.recipes if name in names}
        new = {
            name: self._line(name, history, log, lines, views)
            for name, log in found.items()
            if log is not None
        }
        if COMBINATION in names:
            members = self._members(len(history))
            present = [new.get(name) or lines[name].get(history.newest) for name in members]
            # From the kept views, so that a backtest that goes on combines the same bits.
            logs = {line.recipe: self._log(line) for line in present if line is not None}
            if logs and len(logs) == len(members):
                new[COMBINATION] = self._line(COMBINATION, history, combined(logs), lines, views)
        return list(new.values())

    def _members(self, days: int) -> Sequence[str]:
        """What is served when ``days`` days are known; nothing where no recipe serves so few."""
        try:
            return serving(days, self.combination, self.recipes).members
        except ConfigError:
            return ()

    def _log(self, line: Kept) -> Vector:
        views: Vector = np.array(line.views[: self.horizon])
        return np.asarray(np.log1p(views))

    def _forecast(self, name: str, history: History) -> Vector | None:
        """The forecast of a recipe; None where it cannot be fitted to the history."""
        recipe = self.recipes[name]
        if len(history) < recipe.min_days:
            return None
        try:
            return fitted_forecast(name, recipe, history, self.horizon)[1]
        except DataError:
            return None

    def _line(
        self, name: str, history: History, log: Vector, lines: Lines, views: pd.Series
    ) -> Kept:
        origin = history.newest
        errors = kept_errors(lines[name].values(), views, name, self.horizon)
        known = [habit.since for habit in self.habits if habit.since <= origin]
        found = errors.intervals(origin, self.level, self.half_life, known)
        low, high = (None, None) if found is None else found.around(log)
        return Kept(
            origin=origin,
            recipe=name,
            views=tuple(np.expm1(log).tolist()),
            low=None if low is None else tuple(low.tolist()),
            high=None if high is None else tuple(high.tolist()),
            total=None if found is None else found.total(log),
            code=self.codes[name],
            data=history.identity,
            version=None,
            backtest=True,
            habit=max(known, default=None),
        )


def origins_of(
    history: History, horizon: int, weeks: int, days: int, anchor: date | None = None
) -> list[date]:
    """The origins of a backtest, in order: one a week for ``weeks``, each of the last ``days``.

    All H days after a weekly origin are known. ``anchor``: a weekly origin of an earlier backtest;
    new ones fall on its weekday, so that recipes are compared on the same weeks. An origin has at
    least 7 days up to it.
    """
    last = history.newest - timedelta(days=horizon)
    if anchor is not None:
        last -= timedelta(days=(last - anchor).days % WEEK)
    weekly = {last - timedelta(days=WEEK * week) for week in range(weeks)}
    daily = {history.newest - timedelta(days=day) for day in range(1, days + 1)}
    return sorted(o for o in weekly | daily if history.place(o) >= FEWEST_DAYS - 1)
