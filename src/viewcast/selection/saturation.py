"""From how many runs on the shown loss of the best still falls, and the honest one does not."""

from collections.abc import Sequence
from itertools import accumulate

LEFT = 0.2  # most that the honest loss falls where the curves have parted, per fall of the shown
NIL = 0.01  # share of the last loss: a smaller fall is none


def saturation(ks: Sequence[int], shown: Sequence[float], honest: Sequence[float]) -> int | None:
    """The least number of runs from which the honest loss falls by at most a fifth of the shown.

    ``ks`` rise; ``shown`` and ``honest`` are the losses at each. The honest loss is taken to fall
    to its lowest value ahead, so where it rises again the curves part at its lowest and not before.
    None where it falls with the shown one to the end, where the shown one hardly falls, and where
    there are less than twice as many runs at the end: too few to see a trend.
    """
    ahead = list(accumulate(reversed(honest), min))[::-1]
    for k, loss, own, lowest in zip(ks, shown, honest, ahead, strict=True):
        falls = loss - shown[-1]
        if falls > NIL * abs(shown[-1]) and own - lowest <= LEFT * falls and 2 * k <= ks[-1]:
            return k
    return None
