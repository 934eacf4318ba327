"""The check of new days: is the newest one fresh enough, and do the inputs still look alike?

Drift is measured and recorded. By default it refuses nothing: a channel whose days look different
is the very reason to train anew.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked
from scipy import stats

from viewcast.base.errors import DataError

WEEK = 7


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class DataCheck:
    """The limits that new days are checked against.

    ``max_age_days``: how many days the newest day may lie before today. ``max_lost_days``: known
    days whose views may be gone from a delivery (missing, 0 or below); they keep the views that are
    known, and more of them are refused. ``recent_days``: days at
    the end of the series that are compared with the training window. ``drift_p_value``: p-value
    below which the inputs count as drifted, over all tests together. ``refuse_p_value``: p-value
    below which they are refused, null for never.
    """

    max_age_days: Annotated[int, Field(ge=1)]
    max_lost_days: Annotated[int, Field(ge=0)]
    recent_days: Annotated[int, Field(ge=WEEK)]
    drift_p_value: Annotated[float, Field(gt=0, lt=1)]
    refuse_p_value: Annotated[float, Field(gt=0, lt=1)] | None


@dataclass(frozen=True)
class DriftTest:
    """A two-sample test of one input: recent days against the training window.

    ``statistic``: of Kolmogorov and Smirnov, the largest distance between the two distribution
    functions. ``p``: its p-value. It assumes independent days; neighbouring days are alike, so it
    is too small, and alarms are too frequent. ``recent``, ``before``: medians.
    """

    name: str
    statistic: float
    p: float
    recent: float
    before: float


@dataclass(frozen=True)
class CheckResult:
    """The age of the newest day, in days, and the tests of drift."""

    age: int
    drift: list[DriftTest]
    drifted: bool


def check(series: pd.DataFrame, today: date, train: int, limits: DataCheck) -> CheckResult:
    """Check a merged series (by day); ``train``: days of the training window.

    Refuses (DataError) a newest day that is too old and, if ``refuse_p_value`` is set, inputs that
    have drifted.
    """
    newest = series.index[-1]
    age = (pd.Timestamp(today) - newest).days
    if age > limits.max_age_days:
        raise DataError(
            f"the newest day {newest:%Y-%m-%d} is {age} days old, allowed by check.max_age_days "
            f"{limits.max_age_days}: the source has stopped; repair it, or raise check.max_age_days"
        )
    tests = drift_tests(series["views"], train, limits.recent_days)
    smallest = min((test.p for test in tests), default=1.0) * len(tests)  # Bonferroni
    if limits.refuse_p_value is not None and smallest < limits.refuse_p_value:
        worst = min(tests, key=lambda test: test.p)
        raise DataError(
            f"the inputs have drifted: {worst.name} has median {worst.recent:.3g} in the last "
            f"{limits.recent_days} days and {worst.before:.3g} in the training window (p "
            f"{worst.p:.1g}, allowed by check.refuse_p_value {limits.refuse_p_value:g}); look at "
            "the channel, or set check.refuse_p_value=null"
        )
    return CheckResult(age, tests, smallest < limits.drift_p_value)


def drift_tests(views: pd.Series, train: int, recent: int) -> list[DriftTest]:
    """Two-sample tests (``scipy.stats.ks_2samp``) of the last ``recent`` of D days against the
    ``train`` days before them.

    Tested are the inputs of the models: the level, the step from one day to the next, and the step
    from one week to the next. No test with fewer than two weeks before the recent days.
    """
    log = np.log1p(views.to_numpy(np.float64))
    inputs = {
        "level (log views)": log[WEEK:],
        "daily step (log views)": np.diff(log)[WEEK - 1 :],
        "weekly step (log views)": log[WEEK:] - log[:-WEEK],
    }
    tests = []
    for name, values in inputs.items():
        now, before = values[-recent:], values[:-recent][-train:]
        if len(before) < 2 * WEEK:
            continue
        test = stats.ks_2samp(now, before, method="asymp")
        medians = float(np.median(now)), float(np.median(before))
        tests.append(DriftTest(name, float(test.statistic), float(test.pvalue), *medians))
    return tests
