"""Rows of a regression on a channel's own past, which hold no level and so no scale.

Each row stands at a day, its origin. Its inputs are differences of log(1 + views) from the level,
the mean of the origin's newest 7 days; its target is a later day's difference from the same level.
A channel ten times as large has the same rows.

Shape letters: D days, N rows (D - 27, one for each origin with 28 days), F inputs, H days ahead.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.history import WEEK, History

Vector = NDArray[np.float64]
WEEKS = 4  # of inputs
PAST = WEEKS * WEEK  # days of inputs
LAGS = 14
MIN_ROWS = 6  # of a regression
MIN_DAYS = PAST + 6 + MIN_ROWS  # with them for each day of a week ahead
NAMES = (
    *(f"lag_{lag}" for lag in range(LAGS, 0, -1)),
    *(f"week_{week}" for week in range(WEEKS, 0, -1)),
    "spread_14", "spread_28", "median_7", "mean_3",
    *(f"weekday_{week}_ago" for week in range(1, WEEKS + 1)), "weekday_mean",
    *(f"on_{day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """The rows of a ``history`` of at least 28 days; the last one stands at the newest day."""

    history: History

    @classmethod
    def of(cls, history: History, window: int | None = None) -> "Rows":
        """From all of a history, or from the newest ``window`` origins of it."""
        if window is None or len(history) <= window + PAST:
            return cls(history)
        return cls(history.tail(window + PAST))

    @cached_property
    def level(self) -> Vector:
        """The mean log (N,) of the newest 7 days of each origin."""
        level: Vector = self._past[:, -WEEK:].mean(axis=1)
        return level

    def inputs(self, ahead: int) -> Vector:
        """Inputs (N, F), named by NAMES, for the target ``ahead`` days after each origin.

        They use only days up to the origin.
        """
        weekday = (ahead - 1) % WEEK
        factors = self._factors[:, :, weekday]
        kinds = np.eye(WEEK)[(self.history.weekdays[PAST - 1 :] + ahead) % WEEK]
        return np.hstack([self._base, factors[:, ::-1], factors.mean(axis=1)[:, None], kinds])

    def targets(self, ahead: int) -> Vector:
        """Differences (N - ahead,) from the level, of the day ``ahead`` days after each origin.

        The newest origins have none yet.
        """
        return self.history.log[PAST - 1 + ahead :] - self.level[: max(len(self.level) - ahead, 0)]

    @cached_property
    def _past(self) -> Vector:
        return np.lib.stride_tricks.sliding_window_view(self.history.log, PAST)

    @cached_property
    def _weeks(self) -> Vector:
        return self._past.reshape(-1, WEEKS, WEEK)

    @cached_property
    def _factors(self) -> Vector:
        """Each day's difference (N, 4, 7) from the mean of its week."""
        factors: Vector = self._weeks - self._weeks.mean(axis=2, keepdims=True)
        return factors

    @cached_property
    def _base(self) -> Vector:
        """The inputs (N, 22) that are the same for all days ahead."""
        from_level = self._past - self.level[:, None]
        lags = from_level[:, -LAGS:]
        return np.hstack([
            lags,
            self._weeks.mean(axis=2) - self.level[:, None],
            lags.std(axis=1)[:, None],
            from_level.std(axis=1)[:, None],
            np.median(from_level[:, -WEEK:], axis=1)[:, None],
            from_level[:, -3:].mean(axis=1)[:, None],
        ])  # fmt: skip
