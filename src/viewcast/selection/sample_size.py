"""Whether there are enough independent rows for a figure and for a bound of it."""

import math
from dataclasses import dataclass

BOUND_ROWS = 100  # below, no bound
DEPENDENT_ROWS = 150  # the same where rows depend on more than DEPENDENT rows before
DEPENDENT = 4.0  # seldom found where rows are independent
STRETCHES = 16  # dependence lengths in the rows, below which no bound
ESTIMATE_ROWS = 20  # below, no corrected figure at all


@dataclass(frozen=True)
class SampleSize:
    """``refusal``: why there is no bound, None where there is one; ``estimate``: whether there is a
    corrected figure.

    ``rows_wanted``: rows that are enough for a bound, 0 where there are enough.
    """

    refusal: str | None
    rows_wanted: int
    estimate: bool


def sample_size(rows: int, length: float) -> SampleSize:
    """Are ``rows`` rows with a dependence length of ``length`` rows enough?

    A bound takes ``BOUND_ROWS`` rows, ``DEPENDENT_ROWS`` where they depend on each other as an
    autoregressive series does, and ``STRETCHES`` dependence lengths; a corrected figure
    ``ESTIMATE_ROWS`` rows. The rule uses the length and not an effective sample size, which is
    itself too uncertain where it is small. Its weak spot is the length, found too short in a part
    of the studies: of 100 rows as AR(0.6), 7 to 8 in 100 studies get a bound that does not hold.
    """
    least = BOUND_ROWS if length <= DEPENDENT else DEPENDENT_ROWS
    wanted = max(least, math.ceil(STRETCHES * length))
    if rows >= wanted:
        return SampleSize(None, 0, True)
    stretches = f"{rows} rows, about {rows / length:.0f} independent stretches of {length:.3g}"
    if rows < ESTIMATE_ROWS:
        refusal = f"too few validation rows for any corrected figure ({rows}): {wanted} would do"
        return SampleSize(refusal, wanted, False)
    refusal = f"not enough independent validation rows for a bound ({stretches}): {wanted} would do"
    return SampleSize(refusal, wanted, True)
