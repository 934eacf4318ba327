"""The check of new days: is the newest one fresh enough, and do the inputs still look alike?

Drift is measured, told and recorded. It refuses nothing unless asked to: a channel whose days look
different is the very reason to train anew.
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
class Check:
    """What new days are measured by.

    ``oldest``: days that the newest day may lie before today. ``recent``: days at the end of the
    series that are compared with the training window. ``drift``: p-value below which the inputs
    are said to have drifted, over all tests together. ``refuse_drift``: p-value below which they
    are refused, null for never.
    """

    oldest: Annotated[int, Field(ge=1)]
    recent: Annotated[int, Field(ge=WEEK)]
    drift: Annotated[float, Field(gt=0, lt=1)]
    refuse_drift: Annotated[float, Field(gt=0, lt=1)] | None


@dataclass(frozen=True)
class Drift:
    """A two-sample test of one input: recent days against the training window.

    ``statistic``: of Kolmogorov and Smirnov, the largest distance between the two distribution
    functions. ``p``: its p-value, which takes days for independent: neighbouring days are alike, so
    it errs towards alarm.
    """

    name: str
    statistic: float
    p: float
    recent: float
    before: float


@dataclass(frozen=True)
class Findings:
    """What the check saw: the age of the newest day, and each test of drift."""

    age: int
    drift: list[Drift]
    drifted: bool


def check(series: pd.DataFrame, today: date, train: int, settings: Check) -> Findings:
    """Look at a merged series (by day); ``train``: days of the training window.

    Refuses (DataError) a newest day that is too old and, where asked to, inputs that have drifted.
    """
    newest = series.index[-1]
    age = (pd.Timestamp(today) - newest).days
    if age > settings.oldest:
        raise DataError(
            f"the newest day {newest:%Y-%m-%d} is {age} days old, allowed by check.oldest "
            f"{settings.oldest}: the source has stopped; look at it, or raise check.oldest"
        )
    tests = drift(series["views"], train, settings.recent)
    least = min((test.p for test in tests), default=1.0) * len(tests)  # Bonferroni
    if settings.refuse_drift is not None and least < settings.refuse_drift:
        worst = min(tests, key=lambda test: test.p)
        raise DataError(
            f"the inputs have drifted: {worst.name} has median {worst.recent:.3g} in the last "
            f"{settings.recent} days and {worst.before:.3g} in the training window (p "
            f"{worst.p:.1g}, allowed by check.refuse_drift {settings.refuse_drift:g}); look at the "
            "channel, or set check.refuse_drift=null"
        )
    return Findings(age, tests, least < settings.drift)


def drift(views: pd.Series, train: int, recent: int) -> list[Drift]:
    """Two-sample tests (``scipy.stats.ks_2samp``) of the last ``recent`` of D days against the
    ``train`` days before them, of what models read: the level, the step from a day to the next, and
    the step from a week to the next. None with fewer than two weeks before.
    """
    log = np.log1p(views.to_numpy(np.float64))
    inputs = {
        "level (log views)": log[WEEK:],
        "daily step (log views)": np.diff(log)[WEEK - 1 :],
        "weekly step (log views)": log[WEEK:] - log[:-WEEK],
    }
    found = []
    for name, values in inputs.items():
        now, before = values[-recent:], values[:-recent][-train:]
        if len(before) < 2 * WEEK:
            continue
        test = stats.ks_2samp(now, before, method="asymp")
        medians = float(np.median(now)), float(np.median(before))
        found.append(Drift(name, float(test.statistic), float(test.pvalue), *medians))
    return found
