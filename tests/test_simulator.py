from pathlib import Path
from typing import Any

import holidays
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.data.simulator import ChannelSimulator, Simulated

CONFIG = Path(__file__).parents[1] / "conf" / "simulator.yaml"
SETTINGS: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
FIELDS = SETTINGS["simulator"]
SEED: int = SETTINGS["seed"]
CHANNEL = ChannelSimulator(**FIELDS)
END = "2021-03-31"

# Hung-yi Lee, Machine Learning 2021, lecture 1 ("Introduction of Machine / Deep Learning"):
# mean absolute error of linear models in thousand views, number of lags: (training, validation).
PUBLISHED = {1: (0.48, 0.58), 7: (0.38, 0.49), 28: (0.33, 0.46), 56: (0.32, 0.46)}


@pytest.fixture(scope="module")
def history() -> pd.Series:
    return CHANNEL.history(END, SEED)


@pytest.fixture(scope="module")
def surprise() -> pd.Series:
    """What the rhythm does not explain, in log views, over twenty years."""
    views = CHANNEL.history("2036-12-31", SEED)
    return np.log(views / CHANNEL.rhythm(views.index))


def linear_errors(views: pd.Series, lags: int) -> tuple[float, float]:
    """Training and validation error of least squares on the last days, in thousand views."""
    y = views / 1000
    window = pd.concat([y.shift(lag) for lag in range(1, lags + 1)], axis=1)
    window.insert(0, "one", 1.0)
    training = slice(views.index[max(PUBLISHED)], "2020-12-31")
    validation = slice("2021-01-01", "2021-02-14")
    weights = np.linalg.lstsq(window[training].to_numpy(), y[training].to_numpy())[0]
    missed = (y - window.to_numpy() @ weights).abs()
    return missed[training].mean(), missed[validation].mean()


@pytest.mark.parametrize("lags", PUBLISHED)
def test_linear_models_err_as_much_as_those_of_the_lecture(history: pd.Series, lags: int) -> None:
    assert linear_errors(history, lags) == pytest.approx(PUBLISHED[lags], rel=0.10)


def test_history_holds_plausible_whole_views_of_every_day(history: pd.Series) -> None:
    assert history.name == "views"
    assert history.dtype == np.int64
    assert history.index.equals(pd.date_range("2017-01-01", END, freq="D"))
    assert history.index.freqstr == "D"
    assert history.between(1_000, 12_000).all()
    assert 4_000 < history.mean() < 5_000
    assert history["2020"].mean() > history["2017"].mean()


@settings(max_examples=20, deadline=None)
@given(short=st.integers(0, 1500), more=st.integers(0, 800), seed=st.integers(0, 2**64))
def test_a_longer_history_begins_with_the_shorter_one(short: int, more: int, seed: int) -> None:
    start = pd.Timestamp(CHANNEL.start)
    ends = [str((start + pd.Timedelta(days=days)).date()) for days in (short, short + more)]
    first, longer = (CHANNEL.history(end, seed) for end in ends)
    pd.testing.assert_series_equal(longer.iloc[: short + 1], first)


def test_the_same_seed_gives_the_same_views_and_another_seed_others(history: pd.Series) -> None:
    pd.testing.assert_series_equal(ChannelSimulator(**FIELDS).history(END, SEED), history)
    assert (CHANNEL.history(END, SEED + 1) != history).mean() > 0.9


def test_fridays_and_saturdays_are_the_weakest_days_of_the_week(history: pd.Series) -> None:
    by_weekday = history.groupby(history.index.day_of_week).mean()
    assert set(by_weekday.nsmallest(2).index) == {4, 5}
    assert by_weekday[[4, 5]].max() < 0.9 * by_weekday[[0, 1, 2, 3]].min()


@pytest.mark.parametrize("year", range(2017, 2031))
def test_lunar_new_years_eve_is_the_deepest_day_of_the_calm_year(year: int) -> None:
    calendar = holidays.country_holidays("TW", years=year, language="en_US")
    # The holidays are Eve (from 2026 on also the day before), then the first day of the new year.
    first_day = min(day for day, name in calendar.items() if name.endswith("Chinese New Year"))
    days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D")
    without_weekday = ChannelSimulator(**FIELDS | {"weekday": [1] * 7}).rhythm(days)
    calm = pd.Series(without_weekday, days)
    assert calm.idxmin() == pd.Timestamp(first_day) - pd.Timedelta(days=1)
    assert calm.min() < 0.6 * calm.median()


@pytest.mark.parametrize(
    "eve", ["2017-01-27", "2018-02-15", "2019-02-04", "2020-01-24", "2021-02-11"]
)
def test_the_realised_views_dip_at_each_eve(history: pd.Series, eve: str) -> None:
    day = pd.Timestamp(eve)
    same_weekday = history[[day - pd.Timedelta(weeks=3), day + pd.Timedelta(weeks=3)]]
    assert history[day] < 0.75 * same_weekday.min()


def test_term_time_has_more_views_than_vacation_and_holidays_fewer() -> None:
    always = ChannelSimulator(**FIELDS | {"growth": 0, "weekday": [1] * 7, "eve_dip": 0})
    days = pd.date_range("2019-01-01", "2019-12-31", freq="D")
    calm = pd.Series(always.rhythm(days), days)
    lift, dip = np.exp(FIELDS["term_lift"]), np.exp(-FIELDS["holiday_dip"])
    assert calm["2019-11-20"] == pytest.approx(lift * calm["2019-07-31"], rel=0.01)
    # National Day fell on a Thursday; the Wednesday before was a working day.
    assert calm["2019-10-10"] == pytest.approx(dip * calm["2019-10-09"], rel=0.01)


def test_surprises_are_heavy_tailed_and_remembered(surprise: pd.Series) -> None:
    assert surprise.kurt() > 1.5
    assert surprise.autocorr(1) > 0.2


def test_good_surprises_are_forgotten_sooner_than_bad_ones(surprise: pd.Series) -> None:
    yesterday = surprise.shift(1).iloc[1:]
    parts = np.c_[yesterday.clip(lower=0), yesterday.clip(upper=0)]
    kept_high, kept_low = np.linalg.lstsq(parts, surprise.iloc[1:].to_numpy())[0]
    assert kept_high == pytest.approx(FIELDS["memory_high"], abs=0.05)
    assert kept_low == pytest.approx(FIELDS["memory_low"], abs=0.05)


def test_futures_are_whole_views_and_differ_between_worlds_and_seeds() -> None:
    simulations = CHANNEL.simulations(END, 45, 20, SEED, 0)
    assert simulations.shape == (20, 45)
    assert simulations.dtype == np.int64
    assert len(np.unique(simulations, axis=0)) == 20
    np.testing.assert_array_equal(simulations, CHANNEL.simulations(END, 45, 20, SEED, 0))
    assert (simulations != CHANNEL.simulations(END, 45, 20, SEED, 1)).mean() > 0.9


def test_more_worlds_only_append_worlds() -> None:
    few, many = (CHANNEL.simulations(END, 10, simulations, SEED, 3) for simulations in (5, 50))
    np.testing.assert_array_equal(many[:5], few)


def test_no_future_repeats_the_surprises_of_the_history() -> None:
    start = str(CHANNEL.start)
    past = CHANNEL.history("2017-02-28", 0).to_numpy()
    for future_seed in range(5):
        ahead = CHANNEL.simulations(start, 58, 1, 0, future_seed)[0]
        assert (ahead != past[1:]).mean() > 0.9


def test_distant_futures_forget_the_present_and_keep_the_long_average(surprise: pd.Series) -> None:
    ahead = CHANNEL.simulations(END, 120, 400, SEED, 7)[:, 60:]
    rhythm = CHANNEL.rhythm(pd.date_range("2021-05-31", periods=60, freq="D"))
    assert np.log(ahead / rhythm).mean() == pytest.approx(surprise.mean(), abs=0.01)


@pytest.mark.parametrize("pick", [pd.Series.idxmin, pd.Series.idxmax], ids=["bad", "good"])
def test_futures_continue_the_memory_of_the_history(pick: Any, surprise: pd.Series) -> None:
    day = pick(surprise[:END])
    ahead = CHANNEL.simulations(str(day.date()), 1, 4000, SEED, 7)[:, 0]
    rhythm = CHANNEL.rhythm(pd.DatetimeIndex([day + pd.Timedelta(days=1)]))
    kept = FIELDS["memory_low"] if surprise[day] < 0 else FIELDS["memory_high"]
    assert np.log(ahead / rhythm).mean() == pytest.approx(kept * surprise[day], abs=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": -1},
        {"level": float("inf")},
        {"noise": 0},
        {"tail": 2},
        {"memory_low": 1},
        {"eve_width": -2},
        {"weekday": [1] * 6},
        {"weekday": [1, 1, 1, 1, 1, 1, -1]},
        {"terms": [["15-09", "01-15"]]},
        {"start": "yesterday"},
        {"levle": 4000},
    ],
    ids=str,
)
def test_impossible_and_unknown_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        ChannelSimulator(**FIELDS | wrong)


def test_an_end_before_the_start_and_empty_futures_are_refused() -> None:
    with pytest.raises(ConfigError, match="2016-12-31"):
        CHANNEL.history("2016-12-31", SEED)
    with pytest.raises(ConfigError, match="0 days"):
        CHANNEL.simulations(END, 0, 5, SEED, 0)
    with pytest.raises(ConfigError, match="0 simulations"):
        CHANNEL.simulations(END, 5, 0, SEED, 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("end", value) for value in (None, "2021-13-01", 20210331, "9999-12-31", "1500-01-01")],
        *[("seed", value) for value in (None, -1, 1.5, "x", [1])],
        ("file", None),
    ],
)
def test_an_end_and_a_seed_of_another_kind_are_refused_by_name(key: str, value: object) -> None:
    given = {name: cell for name, cell in SETTINGS.items() if name != "defaults"}
    with pytest.raises(ConfigError, match=f"^{key} = "):
        construct(Simulated, {**given, key: value}, "")


@pytest.mark.parametrize("much", [{"growth": 400.0}, {"noise": 1e300}, {"level": 1e300}], ids=str)
def test_parameters_that_give_views_without_end_are_refused(much: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="lower level, growth or noise"):
        ChannelSimulator(**FIELDS | much).history(END, SEED)
