"""From a fitted model to the next days."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.data.daily import windows
from viewcast.forecast.forecaster import Forecaster, Inputs
from viewcast.forecast.intervals import Intervals, bounds, coverage
from viewcast.models.fitted import FittedNaive, FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.scoring.scores import score

DAYS = pd.date_range("2020-01-01", periods=60)


def channel(seed: int = 1, days: pd.DatetimeIndex = DAYS) -> pd.Series:
    rng = np.random.default_rng(seed)
    return pd.Series(rng.integers(500, 1500, len(days)).astype(float), index=days, name="views")


def line(lags: int = 5, scale: float = 10.0) -> Forecaster:
    """A line over lags, weekdays, holidays and age, with weights of some size each."""
    names = [*(f"lag_{lag}" for lag in range(1, lags + 1)), "tue", "sun", "holiday", "age"]
    weights = np.random.default_rng(2).normal(0, 0.3, len(names) + 1)
    model = FittedNetwork(names, (), weights, Scaling.identity(len(names)))
    return Forecaster(model, Inputs(lags, "TW", scale, "2020-01-01"))


def last_week(scale: float = 1.0) -> Forecaster:
    return Forecaster(FittedNaive(["lag_7"], 0.0), Inputs(7, None, scale, "2020-01-01"))


def test_each_day_is_forecast_from_the_features_of_the_prepared_table() -> None:
    views, forecaster = channel(), line()
    features = windows(views / 10, 5, "TW")
    expected = np.maximum(forecaster.model.predict(features) * 10, 0)
    found = forecaster.follow(views)
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert found.index.equals(DAYS[5:])


def test_a_shorter_history_forecasts_the_same() -> None:
    views, forecaster = channel(), line()
    pd.testing.assert_series_equal(
        forecaster.follow(views)[-5:], forecaster.follow(views[-10:]), check_freq=False
    )
    pd.testing.assert_frame_equal(forecaster.ahead(views, 4), forecaster.ahead(views[-5:], 4))


def test_what_is_not_known_yet_is_replaced_by_its_own_forecast() -> None:
    views, forecaster = channel(), line()
    known = views.copy()
    for day in pd.date_range(DAYS[-1], periods=5)[1:]:
        known[day] = 0.0  # any value: the forecast of a day does not read the day
        known[day] = forecaster.follow(known).iloc[-1]
    ahead = forecaster.ahead(views, 4)
    np.testing.assert_allclose(ahead["views"], known.iloc[-4:], rtol=1e-12)
    assert ahead["date"].tolist() == list(known.index[-4:])


def test_many_origins_at_once_are_as_each_alone() -> None:
    views, forecaster = channel(), line()
    origins = DAYS[[20, 4, 59]]
    paths = forecaster.paths(views, origins, 3)
    for origin, path in zip(origins, paths, strict=True):
        alone = forecaster.ahead(views[:origin], 3)["views"]
        np.testing.assert_allclose(path, alone, rtol=1e-12)


def test_the_same_weekday_of_last_week_is_repeated_week_after_week() -> None:
    views = channel()
    ahead = last_week().ahead(views, 14)["views"].to_numpy()
    np.testing.assert_array_equal(ahead, np.tile(views.to_numpy()[-7:], 2))


@given(st.sampled_from([1.0, 8.0, 1024.0]))
def test_the_unit_of_the_model_does_not_show(scale: float) -> None:
    views = channel()
    pd.testing.assert_frame_equal(last_week(scale).ahead(views, 3), last_week().ahead(views, 3))


def test_no_day_is_forecast_to_have_fewer_views_than_none() -> None:
    low = Forecaster(FittedNaive([], -5.0), Inputs(1, None, 1.0, "2020-01-01"))
    assert low.ahead(channel(), 2)["views"].tolist() == [0, 0]
    assert (low.follow(channel()) == 0).all()


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(DataError, match="found 6 days up to 2020-01-06, expected at least 7"):
        last_week().ahead(channel()[:6], 1)


def test_a_stored_forecaster_forecasts_the_same(tmp_path: Path) -> None:
    errors = np.random.default_rng(0).normal(0, 0.1, (50, 4))
    forecaster = Forecaster(line().model, line().inputs, Intervals.of(errors, 0.9))
    forecaster.save(tmp_path / "forecaster", "views")
    back = Forecaster.load(tmp_path / "forecaster")
    assert back.inputs == forecaster.inputs
    assert back.intervals == forecaster.intervals
    pd.testing.assert_frame_equal(back.ahead(channel(), 4), forecaster.ahead(channel(), 4))


def test_intervals_ask_for_the_days_that_the_level_is_taken_from() -> None:
    forecaster = Forecaster(line().model, line().inputs, Intervals(0.9, (-0.1,), (0.1,), None))
    assert forecaster.ahead(channel()[-28:], 1).equals(forecaster.ahead(channel(), 1))
    with pytest.raises(DataError, match="found 27 days, expected at least 28"):
        forecaster.ahead(channel()[-27:], 1)


def test_a_folder_without_forecaster_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no model"):
        Forecaster.load(tmp_path)


def test_intervals_grow_with_the_channel() -> None:
    intervals = Intervals(0.9, (-0.1, -0.2), (0.3, 0.4), None)
    low, high = intervals.around(np.array([100.0, 100.0]), 50.0)
    assert (low.tolist(), high.tolist()) == ([95, 90], [115, 120])
    low, _ = intervals.around(np.array([3.0]), 50.0)
    assert low.tolist() == [0]


def test_more_days_than_were_measured_are_refused() -> None:
    intervals = Intervals(0.9, (-0.1,), (0.1,), None)
    with pytest.raises(DataError, match=r"request for 2 days.* up to 1 days ahead"):
        intervals.around(np.array([1.0, 2.0]), 1.0)


def test_too_few_past_errors_give_no_interval() -> None:
    assert Intervals.of(np.zeros((19, 2)), 0.9) is None


def test_the_bounds_are_the_order_statistics_of_the_errors() -> None:
    errors = np.random.default_rng(1).permutation(99).astype(float)[:, None]
    low, high = bounds(errors, 0.9)  # k = floor(100 * 0.05) = 5
    assert (low[0], high[0]) == (4, 94)


@pytest.mark.parametrize("count", [20, 39, 99, 400])
def test_a_new_exchangeable_error_falls_inside_at_least_as_often_as_promised(count: int) -> None:
    rng = np.random.default_rng(count)
    errors = rng.standard_t(3, (2000, count + 1))
    inside = [
        low[0] <= new <= high[0]
        for *past, new in errors
        for low, high in [bounds(np.array(past)[:, None], 0.9)]
    ]
    exact = 1 - 2 * max((count + 1) // 20, 1) / (count + 1)
    assert np.mean(inside) == pytest.approx(exact, abs=4 * np.sqrt(0.09 / 2000))
    assert exact >= 0.9 or count < 39


def test_the_coverage_judges_each_day_by_earlier_days_only() -> None:
    errors = np.r_[np.random.default_rng(4).normal(size=60), np.full(20, 100.0)][:, None]
    told = coverage(errors, 0.9)
    assert told is not None
    by_hand = [
        bool(low[0] <= errors[place, 0] <= high[0])
        for place in range(20, 80)
        for low, high in [bounds(errors[:place], 0.9)]
    ]
    assert told.covered == np.mean(by_hand)
    assert told.days == 60
    expected = score(np.array(by_hand, dtype=float), 7)
    assert expected is not None
    assert told.error == expected.error
    assert not by_hand[-20]  # the first of the large errors had not been seen


def test_the_coverage_of_normal_errors_is_what_was_promised() -> None:
    told = coverage(np.random.default_rng(5).normal(size=(3000, 1)), 0.9)
    assert told is not None
    assert told.error is not None
    assert told.covered == pytest.approx(0.9, abs=4 * told.error)
