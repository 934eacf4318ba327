"""Whether there are enough independent rows for a figure and for a bound of it."""

import math
from dataclasses import dataclass

from viewcast.selection.clusters import Clusters

BOUND_ROWS = 100  # below, no bound
DEPENDENT_ROWS = 150  # the same where rows depend on more than DEPENDENT rows before
DEPENDENT = 4.0  # seldom found where rows are independent
STRETCHES = 16  # dependence lengths in the rows, below which no bound
ESTIMATE_ROWS = 20  # below, no corrected figure at all
BOUND_SIDE = 40  # entities, and times, where both are new: below, no bound


@dataclass(frozen=True)
class SampleSize:
    """``refusal``: why there is no bound, None where there is one; ``estimate``: whether there is a
    corrected figure.

    ``rows_wanted``: rows that are enough for a bound, 0 where there are enough; ``counted``: what
    they are: rows, entities or times.
    """

    refusal: str | None
    rows_wanted: int
    estimate: bool
    counted: str = "rows"


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


def clustered_sample_size(clusters: Clusters, length: float) -> SampleSize:
    """Are the entities and times enough, where times have a dependence length of ``length`` times?

    Where entities are new, each is a row of ``sample_size``; where times are, each time is. Where
    both are, the scarcer decides: a bound takes ``BOUND_SIDE`` entities, as many times and
    ``STRETCHES`` dependence lengths, a corrected figure ``ESTIMATE_ROWS`` of both.
    """
    entities, times = clusters.entities, clusters.times
    if clusters.cluster == "entity":
        return _of("entities", entities, BOUND_ROWS, "")
    spelt = f", about {times / length:.0f} independent stretches of {length:.3g}"
    if clusters.cluster == "time":
        return _of("times", times, sample_size(0, length).rows_wanted, spelt)
    wanted = max(BOUND_SIDE, math.ceil(STRETCHES * length))
    sides = _of("entities", entities, BOUND_SIDE, ""), _of("times", times, wanted, spelt)
    return min(sides, key=lambda side: (side.estimate, side.refusal is None))


def _of(counted: str, count: int, wanted: int, spelt: str) -> SampleSize:
    """Of ``count`` entities or times, of which ``wanted`` are enough for a bound."""
    if count >= wanted:
        return SampleSize(None, 0, True, counted)
    what = "corrected figure" if count < ESTIMATE_ROWS else "bound"
    refusal = f"too few {counted} for a {what} of new ones ({count:,}{spelt}): {wanted} would do"
    return SampleSize(refusal, wanted, count >= ESTIMATE_ROWS, counted)
