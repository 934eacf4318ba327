"""A history moved to a new habit, so that every recipe reads it as if the habit had always been.

From a day on, a channel may have another level and other factors of the weekdays: it changed what
it publishes, or the meaning of a view changed. The days before are moved by the step between the
old habit and the new one::

    log(1 + views) + level + weekday        for each day before the change

The step is estimated on the first days of the new habit, against the level and the weekday effects
of the old one. It is the posterior mean of a normal model with variances ``noise`` of a day,
LEVEL² of the level, and ``spread`` of each weekday, a ridge regression that shrinks: with
few days the weekdays are hardly moved. ``noise`` and ``spread`` are those that make the days of
the new habit most likely (empirical Bayes), among a few multiples.

Only a person's word moves a history (``viewcast.forecast.habits``): what looks like a step is often
a viral week, and moving by detected steps costs up to 36 % on real channels.

Shape letters: D days, N days of the new habit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product, zip_longest

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.rhythm import weekday_effects

Vector = NDArray[np.float64]

LEVEL = 1.5  # standard deviation of a step of the level, in logs: a factor of 4.5
SPREADS = (0.0, 0.1, 0.3, 0.6)  # of a step of a weekday, in logs
NOISES = (1.0, 2.0, 3.0)  # multiples of the old habit's noise
FEWEST_NEW_DAYS = 3  # of a habit whose first day is looked for
NEW_DAYS = 4 * WEEK  # of the new habit that its step is estimated on
OLD_DAYS = 8 * WEEK  # of the old habit that are read
LEVEL_HALF_LIFE = 3.5  # days, of the old level
LEAST_NOISE = 0.02  # in logs: a channel without any noise has no likelihood


@dataclass(frozen=True)
class Step:
    """What changed: ``level`` in logs, and the ``weekdays`` (7,) on top of it, Monday first."""

    level: float
    weekdays: Vector

    @property
    def factor(self) -> float:
        """The views of an ordinary week after the change, relative to those before."""
        return float(np.exp(self.level + self.weekdays.mean()))


def rebased(history: History, habits: Iterable[Habit]) -> History:
    """The same days, those before each habit moved to it, so that all are of the newest habit.

    A habit without a day of its own in the history, or with less than a week before it, moves
    nothing. Values stay at least 0.
    """
    firsts = sorted({habit.since for habit in habits})
    for since, until in zip_longest(firsts, firsts[1:]):
        found = step(history, since, until)
        if found is not None:
            place, log = history.place(since), history.log.copy()
            log[:place] += found.level + found.weekdays[history.weekdays[:place]]
            history = History(history.first, np.maximum(log, 0.0))
    return history


def step(history: History, since: date, until: date | None = None) -> Step | None:
    """The step at ``since``, estimated on days before ``until`` (None: on all that there are).

    None as ``rebased`` says. The days before ``since`` are taken as one habit.
    """
    place = history.place(since)
    end = len(history) if until is None else min(history.place(until), len(history))
    if place < WEEK or place >= end:
        return None
    new = slice(place, min(end, place + NEW_DAYS))
    old = _Old.before(history, place)
    weekdays = history.weekdays[new]
    return _fitted(old.rest(history.log[new], weekdays), weekdays, old.noise)[1]


def likeliest_change(history: History, days: int) -> date:
    """The day of the newest ``days`` that most likely began a new habit, if one of them did.

    At least three days, the newest ones, are of the new habit; the days before all of these are of
    the old one. The history has ``days`` days and a week more.
    """
    first = len(history) - days
    old = _Old.before(history, first)
    weekdays = history.weekdays[first:]
    rest = old.rest(history.log[first:], weekdays)
    alone = np.cumsum(-0.5 * (rest / old.noise) ** 2 - np.log(old.noise))
    likelihoods = [
        (alone[place - 1] if place else 0.0) + _fitted(rest[place:], weekdays[place:], old.noise)[0]
        for place in range(days - FEWEST_NEW_DAYS + 1)
    ]
    return history.first + timedelta(days=first + int(np.argmax(likelihoods)))


@dataclass(frozen=True)
class _Old:
    """The old habit: its level, the effects (7,) of its weekdays, and the noise of a day."""

    level: float
    effects: Vector
    noise: float

    @classmethod
    def before(cls, history: History, place: int) -> "_Old":
        """That of the days before the day at ``place``."""
        days = slice(max(0, place - OLD_DAYS), place)
        log, weekdays = history.log[days], history.weekdays[days]
        effects = weekday_effects(log, weekdays, np.ones(len(log)))
        rest = log - effects[weekdays]
        weights = 0.5 ** (np.arange(len(log))[::-1] / LEVEL_HALF_LIFE)
        noise = max(float(np.std(rest[-NEW_DAYS:])), LEAST_NOISE)
        return cls(float(np.average(rest, weights=weights)), effects, noise)

    def rest(self, log: Vector, weekdays: NDArray[np.int64]) -> Vector:
        """What days (N,) have beyond this habit."""
        return log - self.level - self.effects[weekdays]


def _fitted(rest: Vector, weekdays: NDArray[np.int64], noise: float) -> tuple[float, Step]:
    """Log likelihood and posterior mean of the step that added ``rest`` (N,), by the most likely
    setting.
    """
    inputs = np.hstack([np.ones((len(rest), 1)), np.eye(WEEK)[weekdays]])
    found = [
        _posterior(inputs, rest, noise * times, spread)
        for times, spread in product(NOISES, SPREADS)
    ]
    likelihood, best = max(found, key=lambda each: each[0])
    return likelihood, Step(float(best[0]), best[1:])


def _posterior(inputs: Vector, rest: Vector, noise: float, spread: float) -> tuple[float, Vector]:
    """Log likelihood of ``rest`` (N,) and posterior mean (8,) of level and weekdays."""
    prior = np.array([LEVEL**2, *[spread**2] * WEEK])
    covariance = (inputs * prior) @ inputs.T + noise**2 * np.eye(len(rest))
    solved = np.linalg.solve(covariance, rest)
    likelihood = -0.5 * (rest @ solved + np.linalg.slogdet(covariance)[1])
    return float(likelihood), prior * (inputs.T @ solved)
