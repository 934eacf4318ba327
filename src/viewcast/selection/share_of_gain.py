"""How much of an improvement over a reference is real.

Shape letters as in ``viewcast.selection.candidates``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from viewcast.selection.blocks import Draws
from viewcast.selection.candidates import Candidates, mean
from viewcast.selection.resampling import Resampled, means
from viewcast.selection.selection_corrected import average

# Of paired draws the 90 % quantile covers 95 %: each draw holds a quarter of the rows out, so the
# draws scatter by more than the estimate does.
QUANTILE = 0.90
ROUNDING = 1e-9  # a gain below this share of the reference is none
GREEN, AMBER = 0.8, 0.5  # least shares of these colours


@dataclass(frozen=True)
class Gain:
    """Mean loss of the reference less that of the winner.

    ``shown``: on these rows; ``expected``: on new rows; ``lower95``: bound of that, which holds
    with 95 %, None where there are too few independent rows for one; ``share``: the share of
    the shown gain that is expected to stay, 0 to 1, and 0 where none is shown.
    """

    shown: float
    expected: float
    lower95: float | None
    share: float

    @property
    def colour(self) -> str:
        """``green``: at least ``GREEN`` stays, and the bound of the gain is above 0; ``red``: less
        than ``AMBER`` stays, or the bound is not above 0; ``amber`` otherwise.
        """
        if self.share < AMBER or (self.lower95 is not None and self.lower95 <= 0):
            return "red"
        return "green" if self.share >= GREEN and self.lower95 is not None else "amber"


def share_of_gain(
    candidates: Candidates, reference: ArrayLike, draws: Draws, resampled: Resampled
) -> Gain:
    """The winner's gain over a ``reference`` (M,), which may be one of the runs.

    Differences are paired row by row, so what makes a row hard for all cancels. ``expected`` is the
    reference's mean loss less the winner's expected one of
    ``viewcast.selection.selection_corrected``.

    Raises DataError where the reference has other columns or is not finite.
    """
    losses = candidates.reference(reference)
    shown = float(mean(losses, candidates.sizes)) - float(candidates.shown.min())
    chosen = resampled.inside.argmin(axis=1)
    outside = resampled.outside[np.arange(len(chosen)), chosen]
    lost = float(average(outside - resampled.fixed[:, candidates.best], resampled.held))
    gains = means(losses, draws.held, candidates.sizes) - outside
    kept = shown - lost
    nothing = shown <= ROUNDING * float(np.abs(losses).mean())
    share = 0.0 if nothing else min(1.0, max(0.0, kept / shown))
    return Gain(shown, kept, float(np.quantile(gains, 1 - QUANTILE)), share)
