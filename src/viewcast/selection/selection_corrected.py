"""What the winner will lose on new rows: the choice is repeated on parts of the rows.

In the calibration it is called fair-75, since three quarters of the rows choose.

Shape letters as in ``viewcast.selection.candidates``.

Related: the bootstrap bias correction of Tsamardinos, Greasidou & Borboudakis (2018), Machine
Learning 107:1895, and nested selection (Varma & Simon 2006; Cawley & Talbot 2010); blocks with gaps
are what makes it hold for rows that depend on their neighbours.
"""

from dataclasses import dataclass

import numpy as np

from viewcast.selection.candidates import Candidates, Indices, Vector
from viewcast.selection.resampling import Resampled


@dataclass(frozen=True)
class SelectionCorrected:
    """By rank, the best run first: rank 0 is the winner.

    ``order`` (R,): the runs; ``shown``: mean loss of each run's best state; ``expected``: what a
    run of this rank will lose on new rows, the choice of it accounted for; ``upper95``: bound of
    that, which holds with 95 % (``viewcast.selection.upper_bound``), NaN where none was asked for
    or there is none, as behind the first ranks; ``optimism``: expected less shown.
    """

    order: Indices
    shown: Vector
    expected: Vector
    upper95: Vector
    optimism: Vector


def selection_corrected(candidates: Candidates, resampled: Resampled) -> SelectionCorrected:
    """Corrected losses of every rank.

    In each draw b the runs are ranked on the choosing rows; o_b is the held-out loss of the run
    of rank r. The expected loss of rank r is Σ m_b o_b / Σ m_b, m_b the number of held-out rows.
    The held-out rows of the draws, taken together, are not quite all rows alike; what that does to
    the run shown at rank r is known and taken off: the mean is that of o_b less the held-out loss
    of this run, plus its shown loss. So one run alone has an optimism of exactly 0, and far fewer
    draws do.

    Holds for candidates that did not learn from these rows, not even through choices between
    rounds, and for new rows that are like these. Where candidates truly differ it is somewhat
    pessimistic, since each draw chooses on fewer rows.
    """
    shown = candidates.shown
    order = np.argsort(shown, kind="stable")
    outside = ranked(resampled)
    lost = average(outside - resampled.fixed[:, order], resampled.held)
    expected = shown[order] + lost
    return SelectionCorrected(order, shown[order], expected, np.full_like(lost, np.nan), lost)


def ranked(resampled: Resampled) -> Vector:
    """Held-out losses (B, R) of the runs that are first, second, ... on the choosing rows."""
    return np.take_along_axis(resampled.outside, resampled.order, axis=1)


def average(values: Vector, held: Vector) -> Vector:
    """Mean over draws of values (B, ...), weighted by the number of rows held out."""
    return np.asarray(np.average(values, axis=0, weights=held))
