"""How far a forecast may lie outside of the days that are known.

A regression that meets inputs unlike those of its fit can forecast any number. Views of the next
days are seldom beyond a multiple of those of the last weeks, so all fitted recipes are bounded by
the same rule.

Shape letters: D days, H days ahead.
"""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
RECENT = 28  # days whose range counts
REACH = 1.5  # beyond that range, in logs: 4.5 times


def within_reach(ahead: Vector, log: Vector) -> Vector:
    """A forecast (H,) of log(1 + views), moved to within 1.5 of the range of the newest 28 days.

    ``log``: (D,) of the history. Values below 0 become 0.
    """
    recent = log[-RECENT:]
    return np.clip(ahead, max(recent.min() - REACH, 0), recent.max() + REACH)
