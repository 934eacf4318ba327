"""The small network as a recipe."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from support.histories import channel, constant, section
from viewcast.base.errors import ConfigError
from viewcast.base.settings import build
from viewcast.forecast.history import History
from viewcast.training.deep_recipe import Deep, FittedDeep

DAYS = 200


@cache
def fit() -> FittedDeep:
    return deep().fit(channel(DAYS), 7)


def deep(**changed: Any) -> Deep:
    made: Deep = build({**section("deep"), "steps": 60, **changed}, "recipes.deep")
    return made


def test_it_learns_the_week() -> None:
    history = channel(DAYS)
    naive = np.full(7, history.log[-1])
    truth = channel(DAYS + 7).log[-7:]
    own = np.abs(fit().forecast(history) - truth).mean()
    assert own < np.abs(naive - truth).mean()


def test_a_channel_of_another_size_has_the_same_forecast_times_the_size() -> None:
    history = channel(DAYS)
    larger = History(history.first, history.log + 3)
    found = deep(steps=5).fit(larger, 7).forecast(larger)
    assert found == pytest.approx(deep(steps=5).fit(history, 7).forecast(history) + 3, abs=1e-3)


def test_the_same_days_give_the_same_bits_and_so_does_what_is_restored() -> None:
    history = channel(DAYS)
    again = deep().fit(history, 7)
    restored = deep().restored(again.arrays(), 7)
    assert (again.forecast(history) == fit().forecast(history)).all()
    assert (restored.forecast(history) == fit().forecast(history)).all()


def test_another_seed_gives_another_network() -> None:
    history = channel(DAYS)
    other = deep(seed=1).fit(history, 7)
    assert (other.forecast(history) != fit().forecast(history)).any()


@pytest.mark.parametrize("days", [48, 54])
def test_few_days_and_constant_ones_are_forecast_near_their_level(days: int) -> None:
    history = constant(days, 100)
    found = deep(steps=5).fit(history, 7).forecast(history)
    assert found == pytest.approx([np.log1p(100)] * 7, abs=0.05)


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"recipes\.deep\.layers"):
        deep(layers=2)
