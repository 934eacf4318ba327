"""How many bits of choice a validation set can answer, and how many were asked of it.

A wave is a set of scores none of which was seen before the last of them was asked for. If only the
winner of each wave is carried on into the next, the final model is one of |H| = Π (1 + K_w), where
K_w counts the scores of wave w and the 1 stands for keeping what there was. A sweep of K costs
log2(1 + K) bits once, a hill climb one bit at every step. People who see all scores learn more than
who won: then this is the least that was spent. For losses in [0, 1] (clip or scale others); rows
that depend on their neighbours count as rows / dependence length.

Hoeffding's inequality with a union over |H|: Shalev-Shwartz & Ben-David (2014), Understanding
Machine Learning, section 4.2. One bit for each accept or reject: Renggli et al. (2019), MLSys.
"""

import math
from collections.abc import Iterable


def log_class(rounds: Iterable[int]) -> float:
    """ln |H| = Σ ln(1 + K_w) of the numbers of scores in the rounds."""
    return math.fsum(math.log1p(scores) for scores in rounds)


def bits(log_class: float) -> float:
    """log2 |H|."""
    return log_class / math.log(2)


def budget_bits(rows: float, tolerance: float, confidence: float = 0.95) -> float:
    """Bits that can be asked while all answers stay within ± ``tolerance`` of the truth.

    log2(e) 2 N ε² - log2(2 / δ), and 0 where not even one given model can be judged so closely.
    365 rows at ± 0.1: 5.2 bits, a sweep of 36 or five steps; 2,000 rows: 52 bits.
    """
    return max(0.0, bits(2 * rows * tolerance**2 - math.log(2 / (1 - confidence))))


def hoeffding(log_class: float, rows: float, confidence: float = 0.95) -> float:
    """Half-width ε = √((ln |H| + ln(2 / δ)) / 2N) that holds for every model of the class at once.

    Three to ten times too wide where candidates resemble each other.
    """
    return math.sqrt((log_class + math.log(2 / (1 - confidence))) / (2 * rows))


def rows_asked(log_class: float, tolerance: float, confidence: float = 0.95) -> int:
    """Independent rows after which the half-width is at most ``tolerance``."""
    wanted = (log_class + math.log(2 / (1 - confidence))) / (2 * tolerance**2)
    rows = math.ceil(wanted)
    # Division and root round; at the boundary one row decides.
    return rows if hoeffding(log_class, rows, confidence) <= tolerance else rows + 1
