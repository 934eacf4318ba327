"""What earlier forecasts promise of a week, and whether the week kept it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from support import told_nights
from viewcast.report.kept_promise import check, promise
from viewcast.report.nights_record import NightsRecord, parsed


def test_a_promise_is_the_mean_of_the_newest_sixty_losses() -> None:
    found = promise([1000.0] * 50 + [*range(60)], level=0.9)
    assert found is not None
    assert (found.mean, found.days) == (29.5, 60)


def test_its_interval_holds_one_more_weekly_mean() -> None:
    """Of weeks with the means 10, 20, 30: 20 ± t(2; 0.95) · 10 · √(1 + 1/3)."""
    found = promise([10.0] * 7 + [20.0] * 7 + [30.0] * 7, level=0.9)
    half = stats.t.ppf(0.95, 2) * 10 * np.sqrt(4 / 3)
    assert found is not None
    assert found.high == pytest.approx(20 + half)
    assert found.low == 0.0, "a loss is not negative"


def test_below_three_weeks_there_is_a_mean_and_no_interval() -> None:
    found = promise([5.0] * 20, level=0.9)
    assert found is not None
    assert (found.mean, found.low, found.high, found.days) == (5, None, None, 20)
    assert promise([], level=0.9) is None


def test_nine_of_ten_calm_weeks_keep_it() -> None:
    draws = np.random.default_rng(2).normal(100, 20, (2000, 67))
    inside = []
    for losses in draws:
        found = promise([*losses[:60]], level=0.9)
        assert found is not None and found.low is not None and found.high is not None
        inside.append(found.low <= losses[60:].mean() <= found.high)
    assert np.mean(inside) == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / 2000))


def with_last_week(factor: float) -> NightsRecord:
    """A record whose forecasts were off by 100 views a day, and by ``factor`` times that lately."""
    record = parsed(told_nights.record())
    losses = [100.0 + place % 5 for place in range(53)] + [100.0 * factor] * 7
    past = [
        replace(one, forecast=3000.0, views=3000.0 + loss, naive=None if place == 59 else 3000.0)
        for place, (one, loss) in enumerate(zip(record.past, losses, strict=True))
    ]
    return replace(record, past=past)


@pytest.mark.parametrize(("factor", "status"), [(0.5, "kept"), (1.0, "kept"), (3.0, "broken")])
def test_the_newest_week_keeps_or_breaks_it(factor: float, status: str) -> None:
    found = check(with_last_week(factor))
    assert found is not None
    assert found.realised == pytest.approx(100 * factor)
    assert found.promise.days == 53, "the week itself is no part of its promise"
    assert found.status == status
    assert found.naive is None, "one of the seven days has no naive forecast"


def test_a_week_of_a_backtest_is_too_early_to_check() -> None:
    found = check(parsed(told_nights.first()))
    assert found is not None
    assert (found.status, found.realised, found.promise.days) == ("too early", None, 60)
    assert check(parsed(told_nights.first(claim=False))) is None
