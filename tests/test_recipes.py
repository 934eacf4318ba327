"""Recipes: what they forecast, and what each of them promises.

Shape letters: D days, N rows, F inputs, H days ahead.
"""

from datetime import timedelta

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.fitted_recipes import DAYS, HORIZON, LONG, fit, forecast
from support.histories import FIRST, OWN, channel, constant, recipes
from viewcast.forecast.boosted import FittedBoosted
from viewcast.forecast.combination import combined
from viewcast.forecast.history import History
from viewcast.forecast.recipe import FittedRecipe
from viewcast.forecast.ridge import FittedRidge, ridge
from viewcast.forecast.rows import NAMES, Rows
from viewcast.forecast.theta import MODELS, FittedTheta

each = pytest.mark.parametrize("name", OWN)


# Known answers


def test_the_seasonal_naive_repeats_the_newest_week() -> None:
    week = LONG.log[-7:]
    assert fit("seasonal_naive").forecast(LONG).tolist() == [*week, *week]


def test_the_mean_of_7_is_that_of_views_and_not_of_logs() -> None:
    views = np.array([900.0, 1, 2, 3, 4, 5, 6, 7])
    ahead = forecast("mean7", History(FIRST, np.log1p(views)))
    assert np.expm1(ahead) == pytest.approx([4.0] * 7)


def test_rhythm_knows_the_weekdays_and_forgets_the_old_level() -> None:
    week = np.array([0.2, 0.1, 0.0, -0.1, -0.2, -0.3, 0.3])
    log = 5 + np.tile(week, 16)
    log[:42] += 2
    ahead = forecast("rhythm", History(FIRST, log))
    assert ahead == pytest.approx(5 + week, abs=0.1)  # weekdays are drawn to their mean a little
    assert np.argsort(ahead).tolist() == np.argsort(week).tolist()


def test_rhythm_forecasts_from_one_day() -> None:
    assert forecast("rhythm", constant(1, 40)) == pytest.approx([np.log1p(40)] * 7)


def test_ridge_takes_the_penalty_with_the_smallest_cross_validation() -> None:
    random = np.random.default_rng(1)
    inputs = random.normal(size=(60, 5)) * [1, 2, 3, 4, 0]
    targets = inputs @ [0.5, 0, 0, 0.1, 0] + random.normal(size=60)
    penalties = np.geomspace(0.1, 1000, 7)
    x = (inputs[:, :4] - inputs[:, :4].mean(axis=0)) / inputs[:, :4].std(axis=0)
    y = targets - targets.mean()
    criteria, slopes = [], []
    for penalty in penalties:
        inverse = np.linalg.inv(x.T @ x + penalty * np.eye(4))
        hat = x @ inverse @ x.T + 1 / 60  # with the constant
        criteria.append(((y - hat @ y) ** 2).sum() / (1 - np.trace(hat) / 60) ** 2)
        slopes.append(inverse @ x.T @ y / inputs[:, :4].std(axis=0))
    found, constant_ = ridge(inputs, targets, penalties)
    best = int(np.argmin(criteria))
    assert 0 < best < 6
    assert found == pytest.approx([*slopes[best], 0])
    assert constant_ == pytest.approx(targets.mean() - inputs.mean(axis=0) @ found)


def test_trees_are_read_without_lightgbm_to_the_bit() -> None:
    fitted = fit("boosted")
    assert isinstance(fitted, FittedBoosted)
    rows = Rows(LONG)
    inputs = np.vstack([[*rows.inputs(day)[-1], day] for day in range(1, HORIZON + 1)])
    theirs = lightgbm.Booster(model_str=fitted.text).predict(inputs)
    assert fitted.forecast(LONG).tolist() == (rows.level[-1] + np.asarray(theirs)).tolist()


def test_theta_is_that_of_statsforecast_on_the_logs() -> None:
    from statsforecast.models import AutoTheta  # noqa: PLC0415 (a second to import)

    model = AutoTheta(season_length=7, decomposition_type="additive")
    centre = LONG.log.mean()
    theirs = centre + model.forecast(y=LONG.log - centre, h=HORIZON)["mean"]
    assert fit("theta").forecast(LONG) == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize(
    "fitted",
    [
        FittedTheta(60, 400, MODELS.index("OTM"), 0.9, 50.0),
        FittedRidge(np.zeros((9, len(NAMES))), np.linspace(0, 9, 9)),
    ],
)
def test_a_forecast_stays_within_reach_of_the_last_four_weeks(fitted: FittedRecipe) -> None:
    log = np.linspace(0, 12, 60)  # e^0.2 a day
    assert fitted.forecast(History(FIRST, log)).max() == pytest.approx(12 + 1.5)


def test_a_combination_is_the_mean_of_logs() -> None:
    one, other = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    assert combined({"rhythm": one, "ridge": other}).tolist() == [2.0, 3.5]
    assert combined({"rhythm": one}).tolist() == one.tolist()


# What each recipe promises


@each
@settings(max_examples=5)
@given(days=st.integers(60, 200), seed=st.integers(0, 99), times=st.floats(0.1, 100))
def test_a_channel_many_times_as_large_has_the_same_forecast_times_that(
    name: str, days: int, seed: int, times: float
) -> None:
    small, shift = channel(days, seed), np.log(times)
    large = History(small.first, small.log + shift)
    tolerance = 1e-2 if name == "theta" else 1e-5  # theta is found by a search
    ahead = forecast(name, large) - shift
    # mean7 is a mean of views: 1 + views instead of views is too little to see here.
    assert ahead == pytest.approx(forecast(name, small), abs=tolerance)


@each
@settings(max_examples=3)
@given(origin=st.integers(60, DAYS - 1), seed=st.integers(0, 99))
def test_no_recipe_reads_its_own_future(name: str, origin: int, seed: int) -> None:
    other = LONG.log.copy()
    other[origin:] += np.random.default_rng(seed).normal(size=DAYS - origin)
    day = FIRST + timedelta(days=origin - 1)
    ahead = [forecast(name, history.until(day)) for history in (LONG, History(FIRST, other))]
    assert ahead[0].tolist() == ahead[1].tolist()


@given(origin=st.integers(28, 99), ahead=st.integers(1, HORIZON))
def test_a_row_holds_no_day_after_its_origin(origin: int, ahead: int) -> None:
    log = channel(100).log
    later = log.copy()
    later[origin:] += 1
    known, changed = Rows(History(FIRST, log)), Rows(History(FIRST, later))
    place = origin - 28  # of the row whose newest day is the one before
    assert known.inputs(ahead)[place].tolist() == changed.inputs(ahead)[place].tolist()
    assert known.inputs(ahead).shape == (100 - 27, len(NAMES))
    target = log[origin - 1 + ahead : origin + ahead] - log[origin - 7 : origin].mean()
    assert known.targets(ahead)[place : place + 1] == pytest.approx(target)


@each
@pytest.mark.parametrize("views", [0, 1, 40_000])
def test_a_constant_channel_stays_what_it_is(name: str, views: int) -> None:
    for days in (recipes()[name].min_days, 90):
        ahead = forecast(name, constant(days, views))
        assert np.expm1(ahead) == pytest.approx([views] * 7, abs=1e-6)


@each
@pytest.mark.parametrize("last", [0.0, 14.0])
def test_a_jump_on_the_last_day_leaves_a_finite_forecast(name: str, last: float) -> None:
    for days in (max(recipes()[name].min_days, 2), 90):
        log = np.full(days, 5.0)
        log[-1] = last
        ahead = forecast(name, History(FIRST, log), HORIZON)
        assert np.isfinite(ahead).all()
        assert (ahead >= 0).all()
        assert (ahead <= 16).all()


@each
@pytest.mark.parametrize("horizon", [1, 2, 7, HORIZON])
def test_any_horizon_from_the_fewest_days(name: str, horizon: int) -> None:
    history = channel(recipes()[name].min_days)
    assert forecast(name, history, horizon).shape == (horizon,)


@each
def test_the_same_days_give_the_same_bits(name: str) -> None:
    again = recipes()[name].fit(LONG, HORIZON).forecast(LONG)
    assert again.tolist() == fit(name).forecast(LONG).tolist()


@each
def test_a_fit_forecasts_from_another_history(name: str) -> None:
    other = channel(60, seed=5, level=3.0)
    ahead = fit(name).forecast(other)
    assert ahead.shape == (HORIZON,)
    assert np.abs(ahead - other.log[-28:].mean()).max() < 2
