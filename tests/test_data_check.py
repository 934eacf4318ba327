"""The check of new days."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from viewcast.base.errors import DataError
from viewcast.retraining.data_check import DataCheck, check, drift_tests

CHECK = DataCheck(
    max_age_days=3, max_lost_days=3, recent_days=28, drift_p_value=0.001, refuse_p_value=None
)


def channel(days: int = 300, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    views = np.rint(np.exp(rng.normal(7, 0.2, days)))
    index = pd.date_range("2020-01-01", periods=days, name="date")
    return pd.DataFrame({"views": views}, index=index)


def the_day_after(series: pd.DataFrame, days: int = 1) -> date:
    newest: date = series.index[-1].date()
    return newest + timedelta(days=days)


def test_the_age_of_the_newest_day_is_reported() -> None:
    series = channel()
    assert check(series, the_day_after(series, 3), 200, CHECK).age == 3


def test_a_source_that_has_stopped_is_refused() -> None:
    series = channel()
    with pytest.raises(DataError, match=r"is 4 days old, allowed by check.max_age_days 3"):
        check(series, the_day_after(series, 4), 200, CHECK)


def test_days_like_the_others_have_not_drifted() -> None:
    series = channel()
    found = check(series, the_day_after(series), 200, CHECK)
    assert not found.drifted
    assert all(0.001 < test.p <= 1 for test in found.drift)


def test_a_channel_that_has_doubled_has_drifted_and_is_not_refused() -> None:
    series = channel()
    series.iloc[-28:] *= 2
    found = check(series, the_day_after(series), 200, CHECK)
    assert found.drifted
    level = next(test for test in found.drift if test.name.startswith("level"))
    assert level.recent - level.before == pytest.approx(np.log(2), abs=0.15)


def test_drift_is_refused_where_that_is_asked_for() -> None:
    series = channel()
    series.iloc[-28:] *= 2
    strict = replace(CHECK, refuse_p_value=1e-6)
    with pytest.raises(DataError, match=r"the inputs have drifted: level .* check.refuse_p_value"):
        check(series, the_day_after(series), 200, strict)


def test_the_tests_are_those_of_scipy_on_the_recent_days_and_the_training_window() -> None:
    views = channel()["views"]
    log = np.log1p(views.to_numpy())
    expected = stats.ks_2samp(log[-28:], log[-228:-28], method="asymp")
    level = next(test for test in drift_tests(views, 200, 28) if test.name.startswith("level"))
    assert (level.statistic, level.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_days_that_are_alike_seldom_count_as_drifted() -> None:
    alarms = [
        check(series, the_day_after(series), 200, CHECK).drifted
        for series in (channel(seed=seed) for seed in range(200))
    ]
    assert sum(alarms) <= 3  # 0.2 are expected: three tests at 0.001 / 3


def test_too_short_a_history_is_not_tested() -> None:
    assert drift_tests(channel(40)["views"], 200, 28) == []
