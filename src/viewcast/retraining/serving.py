"""What serves tonight: its members by the days that are known and the champion among recipes.

Shape letters: H days ahead.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.combination import combined
from viewcast.forecast.habits import Habit
from viewcast.forecast.ledger import COMBINATION
from viewcast.forecast.recipe import FittedRecipe
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


def with_sources(chosen: Serving, fitted: Mapping[str, FittedRecipe]) -> Serving:
    """The same, saying what a member has learned from that is not this channel (``source``)."""
    sources = {name: getattr(fitted[name], "source", None) for name in chosen.members}
    told = [f"; {name} has learned from {source}" for name, source in sources.items() if source]
    return replace(chosen, why=chosen.why + "".join(told))


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
