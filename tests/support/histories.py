"""Made-up histories of a channel, and the recipes of ``conf/recipe``.

Shape letters: D days.
"""

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from support.project import REPOSITORY
from viewcast.forecast.history import History
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import configured

FIRST = date(2021, 3, 1)  # a Monday
OWN = ("seasonal_naive", "mean7", "rhythm", "ridge", "boosted", "theta")  # of the channel alone


def channel(days: int, seed: int = 0, level: float = 8.0) -> History:
    """D days of a channel with a weekly pattern, a wandering level and noise, in logs."""
    random = np.random.default_rng(seed)
    week = 0.3 * random.normal(size=7)[np.arange(days) % 7]
    wander = np.cumsum(0.05 * random.normal(size=days))
    return History(FIRST, level + week + wander + 0.1 * random.normal(size=days))


def constant(days: int, views: float) -> History:
    """D days of the same views."""
    log: NDArray[np.float64] = np.full(days, np.log1p(views))
    return History(FIRST, log)


def section(name: str) -> dict[str, Any]:
    """The keys of a recipe's file."""
    file = REPOSITORY / "conf" / "recipe" / f"{name}.yaml"
    keys: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return keys


@cache
def recipes() -> dict[str, Recipe]:
    """The recipes that are fitted on the channel alone, with the settings of their files."""
    return configured({name: section(name) for name in OWN})
