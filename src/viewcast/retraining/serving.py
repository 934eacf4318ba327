"""What serves tonight: its members by the days that are known and the champion among recipes.

Shape letters: H days ahead.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.combination import combined
from viewcast.forecast.habits import Habit
from viewcast.forecast.ledger import COMBINATION
from viewcast.forecast.short_history import COMBINED_FROM, Serving, serving
from viewcast.retraining.refit import Refit
from viewcast.retraining.settings import Settings

Vector = NDArray[np.float64]


def serves(
    champion: str, days: int, combination: Sequence[str], recipes: Collection[str]
) -> Serving:
    """What serves when ``days`` days are known: the champion, or what short histories need.

    ``recipes``: those that have a forecast. A champion that has none is stood in for.
    """
    if champion != COMBINATION and champion in recipes and days >= COMBINED_FROM:
        return Serving((champion,), True, f"{champion} is the champion among the recipes")
    return serving(days, combination, recipes)


def combine(
    forecasts: Mapping[str, Vector], days: int, combination: Sequence[str]
) -> Vector | None:
    """The combination (H,) of forecasts by recipe; None without any. ``days``: that are known."""
    if not forecasts:
        return None
    members = serving(days, combination, forecasts).members
    return combined({name: forecasts[name] for name in members})


def version(
    made: Refit, members: Sequence[str], settings: Settings, habits: Sequence[Habit]
) -> ChannelForecaster:
    """Tonight's version of these members, without intervals."""
    return ChannelForecaster(
        {name: settings.recipes[name] for name in members},
        {name: made.fitted[name] for name in members},
        settings.forecast.horizon,
        tuple(habits),
    )
