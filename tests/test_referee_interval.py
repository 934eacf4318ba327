"""What a referee says at the end: an estimate and its interval, from known gains."""

from typing import Any

import numpy as np
from numpy.testing import assert_allclose
from scipy.stats import skew, t, ttest_1samp

from viewcast.referee.gains import SKEWEST, Blocks, Gain
from viewcast.referee.interval import Interval, interval

MANY = Gain(10.0, 0.5, 300.0, 0.0)  # rows that judge which bound nothing from above


def gain_of(gains: Any) -> Gain:
    return Blocks.of(gains.shape[-1], 1).gain(gains)


def test_of_gains_that_are_not_skewed_it_is_the_t_interval() -> None:
    half = np.random.default_rng(1).standard_normal(46)
    hidden = 1 + np.concatenate([half, -half])
    low, high = ttest_1samp(hidden, 0).confidence_interval(0.95)
    found = interval(MANY, gain_of(hidden))
    assert_allclose([found.estimate, found.low, found.high], [1, low, high], rtol=1e-9)


def test_the_skewness_is_that_of_the_mean_and_at_most_a_half() -> None:
    gains = np.random.default_rng(2).exponential(1, (3, 90))
    assert_allclose(gain_of(gains).skewness, skew(gains, axis=1) / np.sqrt(90))
    rare = np.where(np.arange(20) == 7, -100.0, 0.01)
    assert gain_of(rare).skewness == -SKEWEST
    assert gain_of(-rare).skewness == SKEWEST


def test_gains_skewed_to_the_left_lengthen_the_low_end_alone() -> None:
    straight = interval(MANY, Gain(1.0, 0.2, 90.0, 0.0))
    left = interval(MANY, Gain(1.0, 0.2, 90.0, -0.3))
    quantile = t.ppf(0.975, 90)
    assert left.high == straight.high
    assert_allclose(straight.low - left.low, 0.2 * 0.3 * (2 * quantile**2 + 1) / 6)


def test_gains_skewed_to_the_right_lengthen_the_high_end_alone() -> None:
    straight = interval(MANY, Gain(1.0, 0.2, 90.0, 0.0))
    right = interval(MANY, Gain(1.0, 0.2, 90.0, 0.3))
    assert right.low == straight.low
    assert right.high > straight.high


def test_the_rows_that_judged_bound_the_gain_from_above() -> None:
    hidden = Gain(1.0, 0.5, 90.0, 0.0)
    found = interval(Gain(0.8, 0.2, 273.0, 0.0), hidden)
    assert found.estimate == 0.8
    assert_allclose(found.high, 0.8 + 0.2 * t.ppf(0.975, 273))
    assert interval(MANY, hidden).high > found.high


def test_the_ends_lie_on_both_sides_of_the_estimate_however_far_the_rows_disagree() -> None:
    found = interval(Gain(1.0, 0.1, 273.0, 0.0), Gain(5.0, 0.1, 90.0, 0.0))
    assert found.low <= found.estimate <= found.high


def test_intervals_of_many_loops_are_those_of_each() -> None:
    gains = np.random.default_rng(3).exponential(1, (5, 90))
    together = interval(gain_of(gains + 0.1), gain_of(gains))
    each = [interval(gain_of(own + 0.1), gain_of(own)) for own in gains]
    for name in Interval._fields:
        assert_allclose(getattr(together, name), [getattr(own, name) for own in each])
