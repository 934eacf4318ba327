"""Rhythm: the level of the last days times the factor of each weekday.

On log(1 + views): level plus weekday effect, each an exponentially discounted mean, as in
discounted least squares (Brown, Smoothing, Forecasting and Prediction, 1963).

Shape letters: D days, H days ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.forecast.history import WEEK, History, Places

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
ROUNDS = 3  # of backfitting between smooth level and weekdays; more change nothing visible
PRIOR = 0.5  # days at zero effect that each weekday starts with


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Rhythm:
    """Half-lives in days of the level and of the weekdays' effects; ``window``: newest days read.

    It is the one recipe that forecasts from a single day on.
    """

    level_half_life: Annotated[float, Field(gt=0)]
    week_half_life: Annotated[float, Field(gt=0)]
    window: Annotated[int, Field(ge=WEEK)]
    min_days: ClassVar[int] = 1

    def fit(self, history: History, horizon: int) -> "FittedRhythm":
        """Nothing is kept: level and weekdays are those of the history to forecast from."""
        return FittedRhythm(self, horizon)

    def restored(self, arrays: Arrays, horizon: int) -> "FittedRhythm":
        """The inverse of ``arrays``."""
        return FittedRhythm(self, horizon)


@plain(frozen=True)
class FittedRhythm:
    """Forecasts ``horizon`` days by the settings of a ``recipe``."""

    recipe: Rhythm
    horizon: int

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days."""
        recipe = self.recipe
        log, weekdays = history.log[-recipe.window :], history.weekdays[-recipe.window :]
        age = np.arange(len(log))[::-1]
        effects = weekday_effects(log, weekdays, 0.5 ** (age / recipe.week_half_life))
        weights = 0.5 ** (age / recipe.level_half_life)
        level = np.average(log - effects[weekdays], weights=weights)
        ahead = history.weekdays_ahead(self.horizon)
        return np.maximum(level + effects[ahead], 0)

    def arrays(self) -> Arrays:
        """None: nothing is fitted."""
        return {}


def weekday_effects(log: Vector, weekdays: Places, weights: Vector) -> Vector:
    """The effect (7,) of each weekday on ``log`` (D,), with mean 0, weighted by ``weights`` (D,).

    It is the weighted mean deviation from the smooth level, a centred mean of 7 days. A weekday
    that was seen seldom is drawn to 0. Level and effects are found in turn (backfitting).
    """
    effects = np.zeros(WEEK)
    counted = np.bincount(weekdays, weights, WEEK) + PRIOR
    for _ in range(ROUNDS):
        padded = np.pad(log - effects[weekdays], WEEK // 2, mode="edge")
        smooth = np.convolve(padded, np.full(WEEK, 1 / WEEK), "valid")
        effects = np.bincount(weekdays, weights * (log - smooth), WEEK) / counted
        effects -= effects.mean()
    return effects
