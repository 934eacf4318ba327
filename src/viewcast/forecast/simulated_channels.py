"""Simulated channels of many kinds: what may be learned from when a channel is young.

The log of the views of a channel is the sum of a level that wanders, a pattern of the week, a
season of the year, surprises that last some days, and videos that spread and are forgotten. How
strong each of them is, is drawn anew for every channel from wide ranges. The ranges were written
down before any forecast was measured; no real channel was fitted.

Shape letters: C channels, D days.
"""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.history import WEEK, History

Floats = NDArray[np.float64]
FIRST = date(2021, 1, 4)  # a Monday
YEAR = 365.25


def simulated_channels(channels: int, days: int, seed: int) -> list[History]:
    """C histories of D days each; the same ``seed`` gives the same ones."""
    rng = np.random.default_rng(seed)
    log = _levels(rng, channels, days) + _weeks(rng, channels, days)
    log += _seasons(rng, channels, days) + _surprises(rng, channels, days)
    log += _spreading_videos(rng, channels, days)
    views = rng.poisson(np.exp(np.clip(log, -5, 20)))
    starts = rng.integers(0, WEEK, channels)
    return [
        History(FIRST + timedelta(days=int(start)), np.log1p(own.astype(np.float64)))
        for start, own in zip(starts, views, strict=True)
    ]


def _drawn(rng: np.random.Generator, channels: int, low: float, high: float) -> Floats:
    """One number (C, 1) for each channel, uniform in its logarithm."""
    return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), (channels, 1))))


def _levels(rng: np.random.Generator, channels: int, days: int) -> Floats:
    """Twenty to 200,000 views a day, wandering by 0.5 to 6 % a day."""
    steps = rng.standard_normal((channels, days)) * _drawn(rng, channels, 0.005, 0.06)
    return np.asarray(np.log(_drawn(rng, channels, 20, 200_000)) + steps.cumsum(axis=1))


def _weeks(rng: np.random.Generator, channels: int, days: int) -> Floats:
    """A weekend above or below the rest of the week, and a factor of each weekday."""
    weekend = np.isin(np.arange(WEEK), (5, 6)) * rng.normal(0, 0.3, (channels, 1))
    factors = weekend + rng.normal(0, 1, (channels, WEEK)) * _drawn(rng, channels, 0.02, 0.2)
    return np.asarray(factors[:, np.arange(days) % WEEK])


def _seasons(rng: np.random.Generator, channels: int, days: int) -> Floats:
    """A wave of one year, up to 30 % of the views."""
    depth, phase = rng.uniform(0, 0.3, (channels, 1)), rng.uniform(0, 1, (channels, 1))
    return np.asarray(depth * np.sin(2 * np.pi * (np.arange(days) / YEAR + phase)))


def _surprises(rng: np.random.Generator, channels: int, days: int) -> Floats:
    """Heavy-tailed shocks of 3 to 30 %, of which up to 80 % are left a day later."""
    shocks = rng.standard_t(4, (channels, days)) / np.sqrt(2) * _drawn(rng, channels, 0.03, 0.3)
    return _remembered(shocks, rng.uniform(0, 0.8, (channels, 1)))


def _spreading_videos(rng: np.random.Generator, channels: int, days: int) -> Floats:
    """Up to one in 25 days, a rise by half on average, forgotten within 1 to 14 days."""
    rate = _drawn(rng, channels, 0.002, 0.04)
    rises = rng.exponential(0.4, (channels, days)) * (rng.random((channels, days)) < rate)
    return _remembered(rises, 0.5 ** (1 / _drawn(rng, channels, 1, 14)))


def _remembered(shocks: Floats, kept: Floats) -> Floats:
    """Each day's shock and the share ``kept`` (C, 1) of what was there the day before."""
    state, out = np.zeros(len(shocks)), np.empty_like(shocks)
    for day in range(shocks.shape[1]):
        state = kept[:, 0] * state + shocks[:, day]
        out[:, day] = state
    return out
