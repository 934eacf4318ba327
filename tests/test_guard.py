"""The guard: a version that went wrong does not serve."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest

from viewcast.forecast.history import History
from viewcast.retraining.guard import guard
from viewcast.retraining.settings import GuardSettings

LIMITS = GuardSettings(max_worse=0.25, range=10)
WEEKLY = np.tile([100.0, 110, 120, 130, 140, 150, 160], 12)
HISTORY = History(date(2021, 1, 4), np.log1p(WEEKLY))


@dataclass
class Says:
    """A version that forecasts ``times`` what comes."""

    times: float
    horizon: int = 7
    min_days: int = 14

    def forecast(self, history: History) -> Any:
        return np.log1p(history.views[-7:] * self.times)


def found(times: float, former: float | None) -> Any:
    other: Any = None if former is None else Says(former)
    version: Any = Says(times)
    return guard(version, other, HISTORY, LIMITS)


@pytest.mark.parametrize(
    ("times", "passes"), [(1.0, True), (12.0, False), (0.05, False), (5, True)]
)
def test_a_forecast_outside_of_the_plausible_range_does_not_serve(
    times: float, passes: bool
) -> None:
    assert found(times, None).passes == passes


def test_what_is_implausible_is_said() -> None:
    reason = found(12.0, None).reason
    assert "the last 56 days had 100 to 160" in reason
    assert "guard.range = 10" in reason


def test_a_forecast_that_is_not_finite_does_not_serve() -> None:
    assert not found(np.nan, None).passes


@pytest.mark.parametrize(
    ("times", "former", "passes"), [(1.1, 1.1, True), (1.12, 1.1, True), (1.13, 1.1, False)]
)
def test_a_version_that_loses_more_than_the_one_that_serves_does_not_serve(
    times: float, former: float, passes: bool
) -> None:
    """Losses of these versions are in proportion to 0.1, 0.12 and 0.13."""
    assert found(times, former).passes == passes
    assert "on the last 28 days, and the version that serves" in found(times, former).reason


def test_too_few_days_are_compared_with_nothing() -> None:
    version: Any = Says(1.3, min_days=60)
    former: Any = Says(1.0)
    told = guard(version, former, HISTORY, LIMITS)
    assert told.passes
    assert "too few" in told.reason
