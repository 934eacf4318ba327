"""When a submission is accepted: the rule that spends false acceptances over a whole life.

T answers are allowed and F false acceptances; a have been accepted. A submission is accepted if
its paired gain over the incumbent has a one-sided p below min(0.05, F (1 + a) / T), and is above
a tenth of the standard error of the first submission's own loss. The levels are those of LOND
(Javanmard & Montanari 2018, Annals of Statistics 46:526) with equal shares 1/T. Where nothing is an
improvement, loops of 200 submissions have 0.3 accepted with F = 1, and 0.6 with F = 3
(``benchmarks/referee.py``).

``explore`` is the Ladder (Blum & Hardt 2015, ICML) with a step of one paired standard error. It
keeps 4 false improvements in 200 submissions (n = 366): what it keeps is not "better".

The functions take any number of loops at once, as arrays of one shape.
"""

from typing import Any

import numpy as np

from viewcast.referee.gains import Gain
from viewcast.referee.terms import Terms

MOST = 0.05  # level of one answer, however many were accepted
SHARE = 0.1  # of the standard error of the first submission's loss: a smaller gain is none
STEP = 1.0  # standard errors, of the Ladder


def level(terms: Terms, acceptances: Any) -> Any:
    """The level of the next answer, after so many acceptances (the first submission is none)."""
    return np.minimum(MOST, terms.false * (1 + np.asarray(acceptances)) / terms.budget)


def accepted(gain: Gain, first_error: Any, terms: Terms, acceptances: Any) -> Any:
    """Whether submissions are accepted; ``first_error``: of the first submission's mean loss."""
    if terms.mode == "explore":
        return gain.mean > STEP * gain.error
    return (gain.p < level(terms, acceptances)) & (gain.mean > SHARE * first_error)
