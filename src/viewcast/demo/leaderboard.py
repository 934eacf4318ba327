"""A leaderboard attacked by hill climbing: scores that fall while the model gets worse.

Blum and Hardt, "The Ladder: A Reliable Leaderboard for Machine Learning Competitions" (ICML 2015):
an attacker who sees the score of every submission, and keeps each change that lowered it, fits the
scored rows and nothing else. Here each step moves every prediction up or down by the same size. The
direction is a hash of the row's key and of the step. So the attacked model is an ordinary function
of rows: on rows that were never scored it is the base model plus noise.

Shape letters: T submissions, N rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

Vector = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Attack:
    """``submissions`` in all, the base model's included; ``size`` of a step in units of the target;
    ``seed`` of the directions."""

    submissions: Annotated[int, Field(ge=2)]
    size: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    seed: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Climb:
    """The result of an attack: each submission's ``shown`` score (T,), and which were ``kept``.

    The first submission is the base model. Each other one is the last kept one plus a step.
    """

    shown: Vector
    kept: Flags


def climb(score: Callable[[Vector], float], base: Vector, rows: pd.Series, attack: Attack) -> Climb:
    """Attack a leaderboard by hill climbing.

    ``score``: the score that the leaderboard shows for a submission (N,); lower is better.
    ``base``: the predictions (N,) to start from, for the rows with the keys ``rows`` (N,).
    """
    shown: list[float] = []

    def lower(submission: Vector) -> bool:
        # The lowest score so far is that of the last submission that was kept.
        lowest = min(shown, default=np.inf)
        shown.append(score(submission))
        return shown[-1] < lowest

    kept = climb_by_bits(lower, base, rows, attack)
    return Climb(np.array(shown), kept)


def climb_by_bits(
    better: Callable[[Vector], bool], base: Vector, rows: pd.Series, attack: Attack
) -> Flags:
    """Hill climbing that hears one bit of each submission; which were kept (T,).

    ``better``: whether a submission (N,) is the best so far. It is asked of the base model too,
    which is kept whatever it says.
    """
    hashes, best = _hashes(rows), base
    kept = np.zeros(attack.submissions, dtype=bool)
    better(base)
    kept[0] = True
    for step in range(1, attack.submissions):
        submission = best + attack.size * _signs(hashes, step, attack.seed)
        if better(submission):
            best, kept[step] = submission, True
    return kept


def submissions(base: Vector, rows: pd.Series, attack: Attack, kept: Flags) -> Iterator[Vector]:
    """The predictions (N,) of each submission in turn, for any rows, scored or not."""
    hashes, best = _hashes(rows), base
    yield base
    for step in range(1, attack.submissions):
        submission = best + attack.size * _signs(hashes, step, attack.seed)
        yield submission
        if kept[step]:
            best = submission


def _hashes(rows: pd.Series) -> Hashes:
    return np.asarray(pd.util.hash_array(rows.to_numpy(dtype=object), categorize=False))


def _signs(hashes: Hashes, step: int, seed: int) -> NDArray[Any]:
    """+1 or -1 for each row (N,): the highest bit of row, step and seed, mixed by SplitMix64.

    Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014), figure 16.
    """
    golden = 0x9E3779B97F4A7C15
    mixed = hashes + np.uint64((golden * (2**20 * seed + step + 1)) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.where(mixed >> np.uint64(63), 1.0, -1.0)
