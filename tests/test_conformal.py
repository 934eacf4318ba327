"""Prediction intervals from kept errors: known answers, guarantees, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.forecast.conformal import Intervals, log_errors

FOREVER = np.inf  # a half-life: all errors count alike


def of(days: np.ndarray, *, level: float = 0.9, half_life: float = FOREVER) -> Intervals | None:
    """Intervals of errors (O, H) of consecutive origins, the newest one day ago."""
    ages = np.arange(len(days), 0, -1)
    return Intervals.of(days, days.cumsum(axis=1), ages, level, half_life)


def test_the_width_is_the_conformal_quantile_of_absolute_errors() -> None:
    errors = np.array([[0.1 * k * (-1) ** k] for k in range(1, 20)])  # 0.1, …, 1.9
    intervals = of(errors)
    assert intervals is not None
    # The 18th of 19: ⌈0.9 · (19 + 1)⌉.
    assert intervals.days == pytest.approx((1.8,))
    assert intervals.count == 19


def test_nine_errors_are_the_fewest_at_90_percent() -> None:
    errors = np.linspace(0.1, 0.9, 9)[:, None]
    intervals = of(errors)
    assert intervals is not None and intervals.days == pytest.approx((0.9,))
    assert of(errors[1:]) is None
    assert of(np.empty((0, 7))) is None


def test_an_error_counts_half_after_its_half_life() -> None:
    """Weights 1/2, 1/4, …: their sum is below 1, so no level above one half is reached."""
    errors = np.ones((40, 1))
    assert of(errors, level=0.51, half_life=1.0) is None
    # Ages 1 to 3 weigh .5, .25 and .125; .45 · (.875 + 1) = .844: only all three reach it.
    three = np.array([[3.0], [1.0], [2.0]])
    intervals = of(three, level=0.45, half_life=1.0)
    assert intervals is not None and intervals.days == pytest.approx((3.0,))
    # .3 · 1.875 = .5625: 1.0 and 2.0, which are newer, weigh .75.
    intervals = of(three, level=0.3, half_life=1.0)
    assert intervals is not None and intervals.days == pytest.approx((2.0,))


def test_errors_that_are_not_known_yet_count_for_no_day() -> None:
    errors = np.full((30, 2), 0.5)
    errors[-1, 1] = np.nan
    errors[:-1, 1] = 0.25
    intervals = of(errors)
    assert intervals is not None and intervals.days == pytest.approx((0.5, 0.25))


def test_an_interval_holds_its_forecast_and_never_lies_below_zero() -> None:
    intervals = Intervals(0.9, (np.log(2), np.log(4)), (0.0, np.log(3)), 60)
    low, high = intervals.around(np.log1p([99.0, 1.0]))
    assert low == pytest.approx([49, 0]) and high == pytest.approx([199, 7])
    assert intervals.total(np.log1p([99.0, 1.0])) == pytest.approx((101 / 3 - 1, 100, 302))


def test_a_shorter_forecast_takes_the_interval_of_its_own_sum() -> None:
    intervals = Intervals(0.9, (0.1, 0.2), (np.log(2), np.log(3)), 60)
    assert intervals.total(np.log1p([99.0])) == pytest.approx((49, 99, 199))
    with pytest.raises(DataError, match=r"3 days; .* up to 2 days ahead: ask for 1 to 2"):
        intervals.around(np.ones(3))
    with pytest.raises(DataError, match="0 days"):
        intervals.total(np.ones(0))


def test_they_are_read_back_as_they_were() -> None:
    intervals = of(np.random.default_rng(0).normal(size=(60, 7)), half_life=60.0)
    assert intervals is not None
    assert Intervals.of_plain(intervals.plain()) == intervals


def test_a_sum_has_the_error_of_the_sum() -> None:
    forecast, actual = np.array([[1.0, 3.0]]), np.array([[3.0, np.nan]])
    days, sums = log_errors(forecast, actual)
    assert days == pytest.approx(np.array([[np.log(2), np.nan]]), nan_ok=True)
    assert sums == pytest.approx(np.array([[np.log(2), np.nan]]), nan_ok=True)


@given(seed=st.integers(0, 2**31), level=st.floats(0.05, 0.95), count=st.integers(20, 60))
def test_a_share_of_at_least_the_level_of_the_past_lies_inside(
    seed: int, level: float, count: int
) -> None:
    """With equal weights; the interval is wider than the plain quantile by one error at most."""
    errors = np.random.default_rng(seed).standard_t(3, size=(count, 1))
    intervals = of(errors, level=level)
    if intervals is None:
        assert level * (count + 1) > count
        return
    inside = (np.abs(errors) <= intervals.days[0]).sum()
    assert level * (count + 1) <= inside + 1e-6 < level * (count + 1) + 1 + 1e-5


def test_exchangeable_errors_are_covered_at_the_level() -> None:
    """4,000 new errors, each after its own 60: 90 % ± 3 standard errors."""
    errors = np.random.default_rng(5).standard_t(3, size=(4000, 61, 1))
    inside = [abs(new[-1, 0]) <= of(new[:-1]).days[0] for new in errors]  # type: ignore[union-attr]
    assert 0.9 - 0.015 <= np.mean(inside) <= 0.9 + 1 / 61 + 0.015
