"""How much of an improvement over a reference is real.

Shape letters as in ``viewcast.selection.candidates``.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from viewcast.selection.blocks import Draws
from viewcast.selection.candidates import Candidates, evened, mean
from viewcast.selection.resampling import Resampled
from viewcast.selection.selection_corrected import average
from viewcast.selection.upper_bound import FEWEST, repeated, unusual

ROUNDING = 1e-7  # a gain below this share of the reference is none: losses are in float32
GREEN, AMBER = 0.8, 0.5  # least shares of these colours
WORN_OUT = 0.5  # of the shown gain: more of it is luck where the rows are worn out

Standing = Literal["reference wins", "overtuned", "sure", "worn out", "unsure"]


@dataclass(frozen=True)
class Gain:
    """Mean loss of the reference less that of the winner.

    ``shown``: on these rows; ``expected``: on new rows; ``lower95``, ``upper95``: bounds of that,
    each of which holds with 95 %, None where there are too few independent rows for them;
    ``share``: the share of the shown gain that is expected to stay, 0 to 1, and 0 where none is
    shown.
    """

    shown: float
    expected: float
    lower95: float | None
    upper95: float | None
    share: float

    @property
    def colour(self) -> str:
        """``green``: at least ``GREEN`` stays, and the bound of the gain is above 0; ``red``: less
        than ``AMBER`` stays, or the bound is not above 0; ``amber`` otherwise.
        """
        if self.share < AMBER or (self.lower95 is not None and self.lower95 <= 0):
            return "red"
        return "green" if self.share >= GREEN and self.lower95 is not None else "amber"

    @property
    def standing(self) -> Standing | None:
        """What the search has come to, beside the reference; None without bounds.

        In this order: no gain is shown, the reference wins; the winner is worse on new rows
        (``overtuned``); the gain is sure; more than half of what is shown is luck (``worn out``);
        else it is not sure that anything was gained. In simulations of equally good runs 4 to 6 %
        of the gains are called sure, of truly different runs 99 %. A failed run beside the others
        changes nothing, since no spread between runs is used.
        """
        if self.lower95 is None or self.upper95 is None:
            return None
        if self.shown <= 0:
            return "reference wins"
        if self.upper95 < 0:
            return "overtuned"
        if self.lower95 > 0:
            return "sure"
        return "worn out" if self.shown - self.expected > WORN_OUT * self.shown else "unsure"


def share_of_gain(
    candidates: Candidates,
    reference: ArrayLike,
    draws: Draws,
    resampled: Resampled,
    length: float = 1.0,
) -> Gain:
    """The winner's gain over a ``reference`` (M,), which may be one of the runs.

    Differences are paired row by row, so what makes a row hard for all cancels. ``expected`` is the
    reference's mean loss less the winner's expected one of
    ``viewcast.selection.selection_corrected``. ``length``: dependence length in columns.

    The bounds are those of ``viewcast.selection.upper_bound`` for the paired differences, with the
    larger one of the two expected losses; the lower one also takes the luck, which is itself
    estimated, as uncertain by half of it. None where the two differ in fewer than five rows.

    Raises DataError where the reference has other columns or is not finite.
    """
    losses = candidates.reference(reference)
    rounding = ROUNDING * float(np.abs(losses).mean())
    shown = float(mean(losses, candidates.sizes)) - float(candidates.shown.min())
    shown = 0.0 if abs(shown) <= rounding else shown
    chosen = resampled.order[:, 0]
    outside = resampled.outside[np.arange(len(chosen)), chosen]
    lost = float(average(outside - resampled.fixed[:, candidates.best], resampled.held))
    kept = shown - lost
    share = 0.0 if shown <= 0 else min(1.0, max(0.0, kept / shown))
    level = evened(losses, candidates.sizes)
    paired = next(repeated(candidates, draws, resampled)).over(level)
    if 0 < unusual(paired.own) < FEWEST:
        return Gain(shown, kept, None, None, share)
    gain = min(kept, -float(paired.out_of_fold.mean()))
    error = paired.mean_error(-gain, length)
    lower = gain - math.hypot(error.above, (shown - gain) / 2)
    return Gain(shown, kept, lower, gain + error.below, share)
