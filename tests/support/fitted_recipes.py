"""Recipes, fitted once for all tests of a process."""

from functools import cache

import numpy as np

from support.histories import channel, recipes
from viewcast.forecast.history import History
from viewcast.forecast.recipe import FittedRecipe

DAYS, HORIZON = 200, 14
LONG = channel(DAYS)


@cache
def fit(name: str) -> FittedRecipe:
    """The fit of a recipe on ``LONG``, once for all tests."""
    return recipes()[name].fit(LONG, HORIZON)


def forecast(name: str, history: History, horizon: int = 7) -> np.ndarray:
    """What a night would forecast."""
    return recipes()[name].fit(history, horizon).forecast(history)
