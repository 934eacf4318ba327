"""The kept forecasts of a channel beside its days, and tonight's lines of the ledger.

Shape letters: D days, H days ahead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.paths import backtest_path, ledger_path
from viewcast.forecast import ledger
from viewcast.forecast.conformal import Intervals
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import History
from viewcast.forecast.kept_errors import KeptErrors, kept_errors
from viewcast.forecast.ledger import COMBINATION, SERVED, Kept
from viewcast.retraining.settings import Forecasting

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class KeptLines:
    """``kept``: of the ledger. ``backtest``: of the backtest. ``views`` (D,): the settled days.

    ``codes``: the identity of each recipe tonight. ``habits``: the confirmed ones.
    """

    kept: Sequence[Kept]
    backtest: Sequence[Kept]
    views: pd.Series
    codes: Mapping[str, str]
    settings: Forecasting
    habits: Sequence[Habit] = ()

    @classmethod
    def read(
        cls,
        root: Path,
        channel: str,
        views: pd.Series,
        codes: Mapping[str, str],
        settings: Forecasting,
        habits: Sequence[Habit] = (),
    ) -> Self:
        """Those of a channel on the disk."""
        kept, past = ledger_path(root, channel), backtest_path(root, channel)
        return cls(ledger.read(kept), ledger.read(past), views, codes, settings, habits)

    @cached_property
    def history(self) -> History:
        """The days."""
        return History.of(self.views)

    @property
    def lines(self) -> list[Kept]:
        """All lines."""
        return [*self.backtest, *self.kept]

    def errors(self, name: str) -> KeptErrors:
        """The errors of a recipe; the backtest of the combination stands in for SERVED."""
        stand_in = COMBINATION if name == SERVED else None
        return kept_errors(self.lines, self.views, name, self.settings.horizon, stand_in)

    def intervals(self, name: str) -> Intervals | None:
        """Intervals of tonight's forecast of a recipe; None where there are too few errors."""
        newest, settings = self.history.newest, self.settings
        errors = self.errors(name)
        return errors.intervals(newest, settings.level, settings.half_life, self._known)

    @property
    def _known(self) -> list[date]:
        """The first days of the habits that tonight's forecasts know."""
        return [habit.since for habit in self.habits if habit.since <= self.history.newest]

    def line(self, name: str, log: Vector, version: int | None) -> Kept:
        """Tonight's line of a recipe or of COMBINATION; ``log``: log(1 + views) (H,)."""
        return self._line(name, log, self.intervals(name), self.codes[name], version)

    def served(
        self, log: Vector, intervals: Intervals | None, code: str, version: int | None
    ) -> Kept:
        """Tonight's line of what serves."""
        return self._line(SERVED, log, intervals, code, version)

    def _line(
        self, name: str, log: Vector, found: Intervals | None, code: str, version: int | None
    ) -> Kept:
        low, high = (None, None) if found is None else found.around(log)
        return Kept(
            origin=self.history.newest,
            recipe=name,
            views=tuple(np.expm1(log).tolist()),
            low=None if low is None else tuple(low.tolist()),
            high=None if high is None else tuple(high.tolist()),
            total=None if found is None else found.total(log),
            code=code,
            data=self.history.identity,
            version=version,
            backtest=False,
            habit=max(self._known, default=None),
        )
