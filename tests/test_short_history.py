"""Channels with few days: what serves them, and what other channels teach about them."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.histories import FIRST, channel, constant, section
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.settings import build
from viewcast.forecast import pooled as module
from viewcast.forecast.history import History
from viewcast.forecast.naive import FittedMeanOfWeek
from viewcast.forecast.pooled import FittedPooled, Pooled
from viewcast.forecast.short_history import serving
from viewcast.forecast.simulated_channels import simulated_channels
from viewcast.retraining.serving import with_sources

FOUR = ("theta", "ridge", "boosted", "rhythm")
ALL = (*FOUR, "pooled", "mean7")
SMALL = Pooled(folder=None, channels=20, days=90, penalty=30.0, seed=0)


@cache
def fit(horizon: int = 7) -> FittedPooled:
    return SMALL.fit(channel(30), horizon)


# What serves


@pytest.mark.parametrize(
    ("days", "members", "claim"),
    [
        (1, ("rhythm",), False),
        (6, ("rhythm",), False),
        (7, ("pooled",), True),
        (39, ("pooled",), True),
        (40, ("pooled", "rhythm", "theta"), True),
        (179, ("pooled", "rhythm", "theta"), True),
        (180, FOUR, True),
    ],
)
def test_the_days_that_are_known_decide_what_serves(
    days: int, members: tuple[str, ...], claim: bool
) -> None:
    found = serving(days, FOUR, ALL)
    assert (found.members, found.claim) == (members, claim)


def test_a_sentence_says_what_serves_and_why() -> None:
    assert serving(6, FOUR, ALL).why == (
        "6 days are known: below 7, rhythm serves; nothing is claimed about its accuracy before a "
        "week is known"
    )
    assert serving(41, FOUR, ALL).why == (
        "41 days are known: from 40 to 179, the mean of the logs of pooled, rhythm and theta "
        "serves; from 180 days on, theta, ridge, boosted and rhythm"
    )
    assert serving(180, FOUR, ALL).why == (
        "180 days are known: from 180 on, the mean of the logs of theta, ridge, boosted and rhythm "
        "serves"
    )


def test_it_is_told_what_the_pooled_ridge_has_learned_from() -> None:
    fits = {"pooled": fit(), "rhythm": FittedMeanOfWeek(7)}
    found = with_sources(serving(20, FOUR, ALL), fits)
    assert found.why.endswith("pooled has learned from 20 simulated channels of 90 days, seed 0")
    assert with_sources(serving(6, FOUR, ALL), fits) == serving(6, FOUR, ALL)


def test_what_is_not_configured_is_left_out_and_told() -> None:
    found = serving(50, FOUR, ("rhythm", "mean7"))
    assert found.members == ("rhythm",)
    assert "(pooled and theta would too, but are not configured)" in found.why


def test_a_simple_recipe_stands_in_for_those_that_are_not_configured() -> None:
    assert serving(20, FOUR, ("ridge", "mean7")).members == ("mean7",)


def test_recipes_of_which_none_can_serve_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"recipe: found ridge; 20 days .* expected one of pooled"
    ):
        serving(20, FOUR, ("ridge",))


# The pooled ridge


def test_a_constant_channel_is_forecast_as_constant() -> None:
    assert fit().forecast(constant(30, 500)) == pytest.approx([np.log1p(500)] * 7, abs=0.05)


@pytest.mark.parametrize("days", [14, 28])
def test_two_weeks_are_enough_to_know_the_weekend(days: int) -> None:
    weekend = np.isin(np.arange(days) % 7, (5, 6))
    ahead = fit().forecast(History(FIRST, 7 + 0.8 * weekend))  # it begins on a Monday
    assert ahead[5:].min() - ahead[:5].max() > 0.3


@given(st.integers(7, 60), st.integers(0, 50), st.floats(0, 8))
@settings(deadline=None, max_examples=20)
def test_a_channel_of_another_size_has_the_same_forecast_times_the_size(
    days: int, seed: int, more: float
) -> None:
    history = channel(days, seed)
    larger = replace(history, log=history.log + more)
    assert fit().forecast(larger) == pytest.approx(fit().forecast(history) + more)


@given(st.lists(st.floats(0, 1e7), min_size=7, max_size=60))
@settings(deadline=None, max_examples=20)
def test_any_week_gives_a_forecast_near_the_known_days(views: list[float]) -> None:
    log = np.log1p(np.array(views))
    ahead = fit().forecast(History(FIRST, log))
    assert ((ahead >= 0) & (ahead >= log.min() - 1.5) & (ahead <= log.max() + 1.5)).all()


@pytest.mark.parametrize("horizon", [1, 14])
def test_the_horizon_is_a_setting(horizon: int) -> None:
    assert fit(horizon).forecast(channel(30)).shape == (horizon,)


def test_the_weekday_a_fortnight_ahead_is_that_of_the_week_ahead() -> None:
    weekend = np.isin(np.arange(28) % 7, (5, 6))
    ahead = fit(14).forecast(History(FIRST, 7 + 0.8 * weekend))
    assert ahead[12:].min() > ahead[7:12].max()


def test_no_day_of_the_channel_is_learned_from() -> None:
    own, other = SMALL.fit(channel(30, 1), 7), SMALL.fit(channel(90, 2), 7)
    assert all((own.arrays()[name] == other.arrays()[name]).all() for name in own.arrays())


def test_what_is_restored_forecasts_the_same_bits_and_says_where_it_comes_from() -> None:
    again = SMALL.restored(fit().arrays(), 7)
    assert (again.forecast(channel(30)) == fit().forecast(channel(30))).all()
    assert again.source == "20 simulated channels of 90 days, seed 0"


def test_the_same_seed_gives_the_same_bits() -> None:
    module._of_simulated.cache_clear()
    one, two = fit().arrays(), SMALL.fit(channel(30), 7).arrays()
    assert all((one[name] == two[name]).all() for name in one)
    drawn = [simulated_channels(3, 40, seed)[1].log for seed in (0, 0, 1)]
    assert (drawn[0] == drawn[1]).all()
    assert not np.array_equal(drawn[0], drawn[2])


def test_its_file_of_settings_is_complete() -> None:
    assert build(section("pooled"), "recipes.pooled").folder is None


# A folder of the user's other channels


def test_the_other_channels_of_a_user_can_be_learned_from(tmp_path: Path) -> None:
    _export(tmp_path / "cooking.csv", channel(90, 1))
    (tmp_path / "travel").mkdir()
    _export(tmp_path / "travel" / "Totals.csv", channel(70, 2))
    found = _of(tmp_path).fit(channel(30, 3), 7)
    assert found.source == f"2 channels of {tmp_path}: cooking.csv, travel"
    assert np.isfinite(found.forecast(channel(30, 3))).all()


def test_channels_that_never_move_teach_that_nothing_moves(tmp_path: Path) -> None:
    _export(tmp_path / "flat.csv", constant(90, 100))
    assert _of(tmp_path).fit(channel(30), 7).forecast(constant(10, 7)) == pytest.approx(
        [np.log1p(7)] * 7
    )


def test_a_folder_with_the_channel_itself_is_refused(tmp_path: Path) -> None:
    own = channel(90, 1)
    _export(tmp_path / "own.csv", own)
    later = History(FIRST + timedelta(days=30), np.log1p(np.rint(own.views[30:])))
    with pytest.raises(ConfigError, match=r"own.csv: holds the days of the channel that is forec"):
        _of(tmp_path).fit(later, 7)


def test_a_folder_that_teaches_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        _of(tmp_path / "none").fit(channel(30), 7)
    with pytest.raises(ConfigError, match="found nothing in it"):
        _of(tmp_path).fit(channel(30), 7)
    _export(tmp_path / "young.csv", channel(40, 1))
    with pytest.raises(ConfigError, match=r"young.csv: found 40 days, expected at least 60"):
        _of(tmp_path).fit(channel(30), 7)


def test_a_file_that_is_no_export_is_refused_by_its_reader(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("to do\nread\n")
    with pytest.raises(DataError, match=r"notes\.csv"):
        _of(tmp_path).fit(channel(30), 7)


def _of(folder: Path) -> Pooled:
    return replace(SMALL, folder=str(folder))


def _export(file: Path, history: History) -> None:
    days = pd.date_range(history.first, periods=len(history))
    views = np.rint(history.views).astype(int)
    pd.DataFrame({"Date": days.strftime("%Y-%m-%d"), "Views": views}).to_csv(file, index=False)
