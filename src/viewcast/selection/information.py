"""How many bits of choice a validation set can answer, and how many were asked of it.

A round is a set of scores none of which was seen before the last of them was asked for. If only the
winner of each round goes on into the next, the final model is one of |H| = Π (1 + K_w). K_w is the
number of scores of round w, and the 1 stands for keeping the former winner. A sweep of K costs
log2(1 + K) bits once, a hill climb one bit at every step. People who see all scores learn more than
which run won: then this is the least that was spent. For losses in [0, 1] (clip or scale others).
Rows that depend on their neighbours count as rows / dependence length.

Hoeffding's inequality with a union over |H|: Shalev-Shwartz & Ben-David (2014), Understanding
Machine Learning, section 4.2. One bit for each accept or reject: Renggli et al. (2019), MLSys.
"""

import math
from collections.abc import Iterable


def bits_spent(rounds: Iterable[int]) -> float:
    """log2 |H| = Σ log2(1 + K_w) of the numbers of scores in the rounds."""
    return math.fsum(math.log1p(scores) for scores in rounds) / math.log(2)


def bits_budget(rows: float, tolerance: float, confidence: float = 0.95) -> float:
    """Bits that can be asked while all answers stay within ± ``tolerance`` of the truth.

    log2(e) 2 N ε² - log2(2 / δ), and 0 where not even one given model can be judged so closely.
    365 rows at ± 0.1: 5.2 bits, a sweep of 36 or five steps; 2,000 rows: 52 bits.
    """
    nats = 2 * rows * tolerance**2 - math.log(2 / (1 - confidence))
    return max(0.0, nats / math.log(2))
