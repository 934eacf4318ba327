"""Where the shown and the honest loss of the best of k runs part: more runs stop helping there."""

from collections.abc import Sequence
from itertools import accumulate

LEFT = 0.2  # of what the shown loss still falls: if the honest one falls no more, they have parted
NIL = 0.01  # of the last loss: a smaller fall of the shown one is not worth a word


def saturation(ks: Sequence[int], shown: Sequence[float], honest: Sequence[float]) -> int | None:
    """The least number of runs from which the honest loss falls by at most a fifth of the shown.

    ``ks`` rise; ``shown`` and ``honest`` are the losses at each. The honest loss is taken to fall
    to its lowest ahead, so one that rises again parts at its lowest and not before. None where it
    falls with the shown one to the end, where the shown one hardly falls, and where the runs are
    not at least doubled afterwards: fewer do not show where they lead.
    """
    ahead = list(accumulate(reversed(honest), min))[::-1]
    for k, loss, own, lowest in zip(ks, shown, honest, ahead, strict=True):
        falls = loss - shown[-1]
        if falls > NIL * abs(shown[-1]) and own - lowest <= LEFT * falls and 2 * k <= ks[-1]:
            return k
    return None
