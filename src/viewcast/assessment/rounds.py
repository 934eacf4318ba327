"""Rounds of looks: whether the runs of a study were built in sight of earlier scores.

Shape letters: W rounds, in order of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewcast.assessment.study import Study
from viewcast.holdout.looks import Look, rounds

LEVEL = 0.001  # chance of calling rounds tuned that were not


@dataclass(frozen=True)
class Records:
    """In how many of ``rounds`` rounds a new best was shown (the first one's counts).

    ``expected``: by chance, where no round builds on an earlier one; ``chance``: of as many or more
    then.
    """

    rounds: int
    shown: int
    expected: float
    chance: float

    @property
    def tuned(self) -> bool:
        """Whether chance does not explain it: later runs were built on the scores of earlier."""
        return self.chance < LEVEL


def scored_rounds(study: Study) -> list[list[Look]]:
    """The rounds of all looks that revealed a score."""
    return rounds(look for look in study.looks if look.scores)


def records(best: Sequence[float], sizes: Sequence[int]) -> Records:
    """Records among the best scores of rounds (W,), ``sizes`` (W,) their numbers of runs.

    Runs that do not build on earlier ones are equally likely to be the best of all so far, so
    round w brings a record with probability K_w / (K_1 + ... + K_w), independently of those before
    (Nevzorov 1984, Theory of Probability and its Applications 29:845): 5.9 in 200 rounds of one
    run. A hill climb that accepts or rejects steps brings one in every second round.
    """
    scores = np.asarray(best, np.float64)
    before = np.append(np.inf, np.minimum.accumulate(scores)[:-1])
    count = int((scores < before).sum())
    chances = np.asarray(sizes) / np.cumsum(sizes)
    counts = np.ones(1)  # probability of 0, 1, ... records
    for chance in chances:
        counts = np.convolve(counts, [1 - chance, chance])
    return Records(len(scores), count, float(chances.sum()), float(counts[count:].sum()))


def of_study(study: Study) -> Records:
    """Records of the runs that took part, round by round; runs without a score do not count."""
    shown = {run.run_id: run.shown for run in study.runs if run.excluded is None}
    best, sizes = [], []
    for looks in scored_rounds(study):
        scores = [score for look in looks if (score := shown.get(look.run_id)) is not None]
        if scores:
            best.append(min(scores))
            sizes.append(len(scores))
    return records(best, sizes) if best else Records(0, 0, 0.0, 1.0)
