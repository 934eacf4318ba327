"""After a confirmed change of level the forecast is near a settled one within three nights.

``benchmarks/bench_nights.py`` measures it with all recipes, and what is lost without a word.
"""

import numpy as np
import pandas as pd
import pytest

from support.project import REPOSITORY
from support.regimes import DAY, Channel, three_changes
from viewcast.base.cli import compose
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import configured

CHANGED = pd.Timestamp("2019-04-03")
SEEDS, NIGHTS, NEAR = 4, 3, 1.25


@pytest.fixture(scope="module")
def recipes() -> dict[str, Recipe]:
    sections = compose(REPOSITORY, [], "retrain")["recipes"]
    return configured({name: sections[name] for name in ("ridge", "rhythm")})


@pytest.mark.parametrize(("confirmed", "least", "most"), [(True, 0.8, NEAR), (False, 2, 9)])
def test_three_nights_after_three_times_the_views(
    confirmed: bool, least: float, most: float, recipes: dict[str, Recipe]
) -> None:
    newest = CHANGED + (NIGHTS - 1) * DAY
    habits = (Habit(CHANGED.date(), "a test"),) if confirmed else ()
    ratios = []
    for seed in range(SEEDS):
        channel = Channel(three_changes("2017-01-01")[:2], (CHANGED,), newest + WEEK * DAY, seed)
        lost = [
            each.simulations(newest, WEEK, 200, stays=True).loss(
                _forecast(each, newest, by, recipes)
            )
            for each, by in ((channel, habits), (channel.always(newest), ()))
        ]
        ratios.append(lost[0] / lost[1])
    assert least <= np.exp(np.mean(np.log(ratios))) <= most


def _forecast(
    channel: Channel, newest: pd.Timestamp, habits: tuple[Habit, ...], recipes: dict[str, Recipe]
) -> np.ndarray:
    history = History.of(channel.views[:newest])
    return np.expm1(ChannelForecaster.fitted(recipes, history, WEEK, habits).forecast(history))
