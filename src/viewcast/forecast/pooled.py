"""The pooled ridge: what other channels teach about a channel that has few days of its own.

One ridge regression is fitted on rows of many channels. Its inputs are scale-free, so a channel of
30 views a day learns from one of 30,000. Three regressions are kept, on 1, 2 and 4 weeks of days; a
forecast uses the longest that the history fills. The fit reads no day of the channel itself.

Source: Montero-Manso and Hyndman, "Principles and algorithms for forecasting groups of time
series: locality and globality", International Journal of Forecasting 2021.

Shape letters: D days, H days ahead, N rows, F inputs, C channels, T origins, V days of lags, A
inputs of all days ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from functools import cache
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.threads import one_thread
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.other_channels import other_channels
from viewcast.forecast.recipe import Arrays
from viewcast.forecast.simulated_channels import simulated_channels

Floats = NDArray[np.float64]
WEEKS = (1, 2, 4)
ROWS = 15_000  # origins that are learned from, about
SMALLEST = 1e-3  # mean size of the targets of a channel that hardly moves
REACH = 1.5  # how far a forecast may lie outside of the known days, in log views
SOURCE = "source"  # the name of the array that says what was learned from


@plain_dataclass(frozen=True)
class FittedPooled:
    """``weights``: by weeks of lags, (H, F + 1), the intercept last. ``source``: what was learned
    from, in words.
    """

    weights: dict[int, Floats]
    source: str

    def forecast(self, history: History) -> Floats:
        """log(1 + views) (H,) of the days after the newest one."""
        weeks = max(weeks for weeks in WEEKS if weeks * WEEK <= len(history))
        weights = self.weights[weeks]
        (level,), (inputs,) = _inputs(history.log[None, -weeks * WEEK :], weeks)
        own = inputs[[_columns(weeks, ahead) for ahead in range(len(weights))]]
        found = level + (own * weights[:, :-1]).sum(axis=1) + weights[:, -1]
        known = history.log[-4 * WEEK :]
        return np.asarray(np.clip(found, max(known.min() - REACH, 0), known.max() + REACH))

    def arrays(self) -> Arrays:
        """The weights, and what they were learned from."""
        by_weeks = {f"weeks_{weeks}": weights for weeks, weights in self.weights.items()}
        return {**by_weeks, SOURCE: np.array(self.source)}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """The inverse of ``arrays``."""
        weights = {weeks: arrays[f"weeks_{weeks}"] for weeks in WEEKS}
        return cls(weights, str(arrays[SOURCE]))


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Pooled:
    """``folder``: holds an export of each of the user's other channels; None learns from
    ``channels`` simulated ones of ``days`` days each instead. ``penalty``: of the ridge, on
    standardised inputs. ``seed``: of the simulation.
    """

    folder: str | None
    channels: Annotated[int, Field(ge=10)]
    days: Annotated[int, Field(ge=60)]
    penalty: Annotated[float, Field(gt=0)]
    seed: int
    min_days: ClassVar[int] = WEEK

    @property
    def same_for_all(self) -> bool:
        """Whether no day of the channel decides the fit, so that it can be kept."""
        return self.folder is None

    def fit(self, history: History, horizon: int) -> FittedPooled:
        """Fit to the other channels; of ``history`` only to see that it is not one of them.

        Refuses (ConfigError) a ``folder`` without channels, one with this very channel in it, and
        channels of fewer than 60 days.
        """
        if self.folder is None:
            return _of_simulated(self, horizon)
        named = other_channels(self.folder, history)
        source = f"{len(named)} channels of {self.folder}: {', '.join(named)}"
        return _fitted(list(named.values()), horizon, self.penalty, source)

    def restored(self, arrays: Arrays, horizon: int) -> FittedPooled:
        """The inverse of ``FittedPooled.arrays``."""
        return FittedPooled.of(arrays)


@cache
def _of_simulated(settings: Pooled, horizon: int) -> FittedPooled:
    """The same for every night and origin: nothing of it depends on the channel."""
    channels = simulated_channels(settings.channels, settings.days, settings.seed)
    source = f"{settings.channels} simulated channels of {settings.days} days, seed {settings.seed}"
    return _fitted(channels, horizon, settings.penalty, source)


def _fitted(channels: Sequence[History], horizon: int, penalty: float, source: str) -> FittedPooled:
    with one_thread():
        weights = {weeks: _ridge(channels, weeks, horizon, penalty) for weeks in WEEKS}
    return FittedPooled(weights, source)


def _ridge(channels: Sequence[History], weeks: int, horizon: int, penalty: float) -> Floats:
    """Weights (H, F + 1), the intercept last, for the inputs as they are.

    A channel weighs the less the harder it is to forecast: its rows by 1 / the mean size of its
    targets. All days ahead share one table of moments.
    """
    past, step = weeks * WEEK, _step(sum(len(channel) for channel in channels))
    spans = [sliding_window_view(each.log, past + horizon)[::step] for each in channels]
    days = np.concatenate(spans)
    level, X = _inputs(days[:, :past], weeks)
    Y = days[:, past:] - level[:, None]
    counts = [len(span) for span in spans]
    size = np.add.reduceat(np.abs(Y).mean(axis=1), np.cumsum([0, *counts[:-1]])) / counts
    w = np.repeat(1 / np.maximum(size, SMALLEST), counts)
    w /= w.sum() / len(w)
    centre, middle = w @ X / len(w), w @ Y / len(w)
    X -= centre
    weighted = X * w[:, None]
    moments, crossed = weighted.T @ X, weighted.T @ (Y - middle)
    # An input that never varies has a row of zeros, and gets no weight.
    variance = np.maximum(np.diag(moments) / len(w), SMALLEST**4)
    rows = []
    for ahead in range(horizon):
        chosen = _columns(weeks, ahead)
        ridged = moments[np.ix_(chosen, chosen)] + penalty * np.diag(variance[chosen])
        slopes = np.linalg.solve(ridged, crossed[chosen, ahead])
        rows.append(np.append(slopes, middle[ahead] - centre[chosen] @ slopes))
    return np.stack(rows)


def _step(days: int) -> int:
    """Days from one origin to the next, so that about ROWS of ``days`` days are origins.

    Neighbouring origins say nearly the same. The step shares no factor with 7: origins fall on all
    days of the week.
    """
    step = max(days // ROWS, 1)
    return step + 1 if step % WEEK == 0 else step


def _inputs(days: Floats, weeks: int) -> tuple[Floats, Floats]:
    """Level (T,) of each origin, and the inputs (T, A) of all days ahead. ``days``: (T, V), of
    log(1 + views), up to each origin.

    The level is the mean of the last 7 days. The inputs are the V days less the level, the means of
    the weeks less the level, two spreads, the middle and the end of the last week; then the factor
    of each weekday in each week, and their means. ``_columns``: which of them a day ahead has.
    """
    level = days[:, -WEEK:].mean(axis=1)
    by_week = days.reshape(-1, weeks, WEEK)
    means = by_week.mean(axis=2)
    factors = by_week - means[:, :, None]
    lags = days - level[:, None]
    last = lags[:, -WEEK:]
    ends = [last.std(axis=1), lags.std(axis=1), np.median(last, axis=1), last[:, -3:].mean(axis=1)]
    parts = [lags, means[:, :-1] - level[:, None], *ends, factors.reshape(len(days), -1)]
    return level, np.column_stack([*parts, factors.mean(axis=1)])


def _columns(weeks: int, ahead: int) -> NDArray[np.int64]:
    """The places (F,) of the inputs of one day ahead: those of all days, and of its weekday."""
    shared = weeks * WEEK + weeks - 1 + 4
    own = shared + np.arange(weeks + 1) * WEEK + ahead % WEEK
    return np.concatenate([np.arange(shared), own])
