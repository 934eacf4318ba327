"""Whether forecasts are as good as those before them were: what was promised, and what came true.

The promise of a week is the mean loss of the 60 kept forecasts before it, each of one day ahead.
The loss of a forecast is its absolute error.

Shape letters: D days in order of time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from viewcast.report.nights_record import NightsRecord

WEEK = 7
PROMISED_DAYS = 60  # newest kept forecasts that a promise is the mean of
FEWEST_WEEKS = 3  # that give the ends of an interval
Status = Literal["kept", "broken", "too early"]


@dataclass(frozen=True)
class Promise:
    """The mean loss of ``days`` forecasts; ``low`` and ``high`` hold that of a new week.

    The interval (None below three whole weeks) is the prediction interval of Student's t for one
    more weekly mean, at the level of the record. Its lower end is at least 0.
    """

    mean: float
    low: float | None
    high: float | None
    days: int


@dataclass(frozen=True)
class Check:
    """A promise and the mean loss of the week after it; ``naive``: of the same weekday before.

    ``realised``: None until seven forecasts that were kept before their days are known.
    """

    promise: Promise
    realised: float | None
    naive: float | None

    @property
    def status(self) -> Status:
        """Whether the week lost no more than the upper end of its promise."""
        if self.realised is None:
            return "too early"
        limit = self.promise.mean if self.promise.high is None else self.promise.high
        return "kept" if self.realised <= limit else "broken"


def promise(losses: Sequence[float], level: float) -> Promise | None:
    """The promise from the losses (D,) of all earlier days; None without any."""
    newest = np.asarray(losses, np.float64)[-PROMISED_DAYS:]
    if not len(newest):
        return None
    mean, weeks = float(newest.mean()), len(newest) // WEEK
    if weeks < FEWEST_WEEKS:
        return Promise(mean, None, None, len(newest))
    means = newest[len(newest) - weeks * WEEK :].reshape(weeks, WEEK).mean(axis=1)
    spread = float(means.std(ddof=1)) * math.sqrt(1 + 1 / weeks)
    half = float(stats.t.ppf((1 + level) / 2, weeks - 1)) * spread
    return Promise(mean, max(mean - half, 0.0), mean + half, len(newest))


def check(record: NightsRecord) -> Check | None:
    """The promise before the newest week of kept forecasts, and that week; None without a day.

    Where there is no such week yet, the promise is that of all days so far.
    """
    losses = [abs(one.views - one.forecast) for one in record.past]
    if not losses:
        return None
    week = record.past[-WEEK:]
    whole = len(losses) > WEEK and not any(one.backtest for one in week)
    made = promise(losses[:-WEEK] if whole else losses, record.level)
    assert made is not None, "there is at least one day before"
    naive = [abs(one.views - one.naive) for one in week if one.naive is not None]
    compared = sum(naive) / WEEK if whole and len(naive) == WEEK else None
    return Check(made, sum(losses[-WEEK:]) / WEEK if whole else None, compared)
