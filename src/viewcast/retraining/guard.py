"""The guard: what a new version must not do before it may serve.

Shape letters: H days ahead.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from viewcast.base.numbers import short
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.history import WEEK, History
from viewcast.retraining.settings import GuardSettings

Vector = NDArray[np.float64]
RECENT = 56  # days whose views bound what is plausible
WEEKS = 4  # on which two versions are compared: the last 28 days


@dataclass(frozen=True)
class Guarded:
    """Whether a version may serve, and why, in a sentence."""

    passes: bool
    reason: str


def guard(
    tonight: ChannelForecaster,
    former: ChannelForecaster | None,
    history: History,
    limits: GuardSettings,
) -> Guarded:
    """Whether tonight's version may serve.

    Its forecast must be finite, and within ``limits.range`` times the views of the last 56 days.
    On the last 28 days, forecast week by week from the days before, it must not lose more than
    ``former``, the version that serves, by a share of ``limits.max_worse``. Both have been fitted
    on most of these days: it finds a refit that went wrong, and says nothing about their accuracy.
    """
    log = tonight.forecast(history)
    if not np.isfinite(log).all():
        return Guarded(False, "its forecast is not finite")
    recent, factor = history.log[-RECENT:], np.log(limits.range)
    if log.max() > recent.max() + factor or log.min() < recent.min() - factor:
        wild = float(np.expm1(log[np.abs(log - recent.mean()).argmax()]))
        low, high = (float(np.expm1(end)) for end in (recent.min(), recent.max()))
        return Guarded(
            False,
            f"it forecasts {short(wild)} for a day, and the last {len(recent)} days had "
            f"{short(low)} to {short(high)} (guard.range = {limits.range:g})",
        )
    return (
        Guarded(True, "is finite and plausible")
        if former is None
        else _compared(tonight, former, history, limits)
    )


def _compared(
    tonight: ChannelForecaster, former: ChannelForecaster, history: History, limits: GuardSettings
) -> Guarded:
    new, old = _loss(tonight, history), _loss(former, history)
    if new is None or old is None:
        return Guarded(True, "is finite and plausible; the days are too few for a comparison")
    losses = f"{short(new)} a day on the last 28 days, and the version that serves {short(old)}"
    if new > old * (1 + limits.max_worse) and new - old > 1:
        return Guarded(False, f"it loses {losses} (guard.max_worse = {limits.max_worse:g})")
    return Guarded(True, f"is finite and plausible, and loses {losses}")


def _loss(version: ChannelForecaster, history: History) -> float | None:
    """Mean absolute error a day over the last four weeks; None without enough days before them."""
    days = min(WEEK, version.horizon)
    errors = []
    for week in range(WEEKS, 0, -1):
        before = history.until(history.newest - timedelta(days=WEEK * week))
        if len(before) < version.min_days:
            return None
        actual = history.views[len(before) : len(before) + days]
        errors.append(np.abs(np.expm1(version.forecast(before)[:days]) - actual))
    return float(np.mean(errors))
