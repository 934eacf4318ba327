"""The history of a channel, as every recipe sees it.

Shape letters: D days, H days ahead.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Places = NDArray[np.int64]
WEEK = 7


@dataclass(frozen=True)
class History:
    """The views of D consecutive days from ``first`` on, as ``log`` (D,): log(1 + views).

    A rebased history (``viewcast.forecast.rebase``) has the same days and other values.
    """

    first: date
    log: Vector

    @classmethod
    def of(cls, views: pd.Series) -> Self:
        """From views (D,) of consecutive days, indexed by day; at least one."""
        return cls(views.index[0].date(), np.log1p(views.to_numpy(np.float64)))

    def __len__(self) -> int:
        return len(self.log)

    @property
    def newest(self) -> date:
        """The last day: the origin of a forecast from this history."""
        return self.first + timedelta(days=len(self) - 1)

    @property
    def identity(self) -> str:
        """Hash of the days and their values (16 hex)."""
        days = self.first.isoformat().encode() + self.log.tobytes()
        return hashlib.sha256(days).hexdigest()[:16]

    @cached_property
    def views(self) -> Vector:
        """The views (D,)."""
        return np.expm1(self.log)

    @property
    def days(self) -> pd.DatetimeIndex:
        """The days (D,)."""
        return pd.date_range(self.first, periods=len(self))

    @cached_property
    def weekdays(self) -> Places:
        """The weekday (D,) of each day: 0 is Monday."""
        return (self.first.weekday() + np.arange(len(self))) % WEEK

    def weekdays_ahead(self, horizon: int) -> Places:
        """The weekday (H,) of each of the next days."""
        return (self.newest.weekday() + 1 + np.arange(horizon)) % WEEK

    def dates_ahead(self, horizon: int) -> pd.DatetimeIndex:
        """The next H days."""
        return pd.date_range(self.newest + timedelta(days=1), periods=horizon)

    def until(self, day: date) -> "History":
        """The days up to ``day``, with it."""
        return History(self.first, self.log[: (day - self.first).days + 1])

    def tail(self, days: int) -> "History":
        """The newest ``days`` days, or all where there are fewer."""
        skipped = max(len(self) - days, 0)
        return History(self.first + timedelta(days=skipped), self.log[skipped:])

    def place(self, day: date) -> int:
        """The position of a day, which may lie outside."""
        return (day - self.first).days
