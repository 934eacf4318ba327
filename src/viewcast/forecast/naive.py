"""Forecasts that fit nothing: the yardsticks of every other recipe.

Shape letters: D days, H days ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.forecast.history import WEEK, History

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SeasonalNaive:
    """The same weekday of the newest week."""

    min_days: ClassVar[int] = WEEK

    def fit(self, history: History, horizon: int) -> "FittedSeasonalNaive":
        """Nothing is fitted."""
        return FittedSeasonalNaive(horizon)

    def restored(self, arrays: Arrays, horizon: int) -> "FittedSeasonalNaive":
        """The inverse of ``arrays``."""
        return FittedSeasonalNaive(horizon)


@plain(frozen=True)
class FittedSeasonalNaive:
    """Repeats the newest week for ``horizon`` days."""

    horizon: int

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days."""
        return history.log[-WEEK:][np.arange(self.horizon) % WEEK]

    def arrays(self) -> Arrays:
        """None: nothing is fitted."""
        return {}


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class MeanOfWeek:
    """The mean views of the newest 7 days."""

    min_days: ClassVar[int] = 1

    def fit(self, history: History, horizon: int) -> "FittedMeanOfWeek":
        """Nothing is fitted."""
        return FittedMeanOfWeek(horizon)

    def restored(self, arrays: Arrays, horizon: int) -> "FittedMeanOfWeek":
        """The inverse of ``arrays``."""
        return FittedMeanOfWeek(horizon)


@plain(frozen=True)
class FittedMeanOfWeek:
    """Repeats the mean for ``horizon`` days."""

    horizon: int

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days, from the 7 newest, or all where there are fewer."""
        mean = np.expm1(history.log[-WEEK:]).mean()
        return np.full(self.horizon, np.log1p(mean))

    def arrays(self) -> Arrays:
        """None: nothing is fitted."""
        return {}
