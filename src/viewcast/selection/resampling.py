"""The choice, repeated: each run's best state on some rows, and what it loses on others.

Shape letters as in ``viewcast.selection.candidates``, S stretches of columns that a few draws treat
alike.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from viewcast.base.products import FlaggedSums, product
from viewcast.selection.blocks import LARGEST as LARGEST_SHARE
from viewcast.selection.blocks import TOGETHER, Draws
from viewcast.selection.candidates import Candidates, Flags, Indices, Matrix, Vector

LARGEST = 1 << 24  # numbers in a block of candidates' losses: 64 MiB
BOUNDARY_SHARE = 0.25  # of the columns, below which sums between cuts save more than they cost
AT_ONCE = 256  # draws in one matrix product where they have no cuts in common


@dataclass(frozen=True)
class Resampled:
    """Mean losses (B, R) of the runs in each draw.

    ``inside``: of a run's best state on the choosing rows, on those rows; ``outside``: of the same
    state on the held-out rows; ``fixed``: of the state that is best on all rows, on the held-out
    rows. ``held`` (B,): how many of the ``rows`` were held out. ``picked`` (B, R): the candidate
    that is a run's best state on the choosing rows. ``side``: share of the entities, and of the
    times, that are held out where rows are (``viewcast.selection.clustered.rectangles``).
    """

    inside: Vector
    outside: Vector
    fixed: Vector
    held: Vector
    picked: Indices
    rows: int
    side: float | None = None

    @cached_property
    def order(self) -> Indices:
        """The runs (B, R), the best on the choosing rows first."""
        return np.argsort(self.inside, axis=1, kind="stable")

    def apart(self, values: Vector) -> Vector:
        """Held-out means (B, ...) less their average, scaled to the error of a mean over all rows.

        Over m held-out rows of n a mean varies about that of all by (n - m)/m of what the latter
        varies itself (Shao & Wu 1989, Annals of Statistics 17:1176): blocks held out whole make
        that hold for rows that depend on their neighbours. Of rectangles m/n is taken to be that of
        one side: it holds for what entities and times add, and is too large for what is left.
        """
        held = self.held if self.side is None else np.full_like(self.held, self.side * self.rows)
        share = np.sqrt(held / (self.rows - held))
        level = np.average(values, axis=0, weights=self.held)
        return np.asarray(((values - level).T * share).T)


def resample(candidates: Candidates, draws: Draws) -> Resampled:
    """Choose on some rows of every draw, and score the choice on the held-out rows.

    Two exact matrix products, one where no gap is left.
    The products are of draws and of losses less the mean of all candidates in each column, which is
    added back in float64: what is common to all would cost the digits that tell candidates apart.
    Draws that are cut at the same columns need only the sums between the cuts.
    Memory: blocks of 256 draws and of 64 MiB of losses, beside four (B, R) matrices.
    """
    shape = (len(draws.held), candidates.runs)
    inside, outside, fixed = np.empty(shape), np.empty(shape), np.empty(shape)
    picked = np.empty(shape, np.int64)
    common, sizes = candidates.common.astype(np.float32), candidates.sizes
    parts = list(_parts(draws))
    for first, last in _blocks(candidates):
        runs = slice(first, last)
        start, stop = candidates.starts[first], candidates.starts[last]
        starts, picks = candidates.starts[first : last + 1] - start, candidates.picks[runs] - start
        apart = _Apart.of(candidates.losses[start:stop] - common, sizes)
        for part, cuts in parts:
            chosen, scored = apart.sums(draws.chosen[part], draws.held[part], cuts)
            best = _best(chosen, starts)
            inside[part, runs] = np.take_along_axis(chosen, best, axis=1)
            outside[part, runs] = np.take_along_axis(scored, best, axis=1)
            fixed[part, runs] = scored[:, picks]
            picked[part, runs] = best + start
    inside = _restored(inside, product(draws.chosen, sizes), means(common, draws.chosen, sizes))
    held, level = product(draws.held, sizes), means(common, draws.held, sizes)
    outside, fixed = _restored(outside, held, level), _restored(fixed, held, level)
    side = None if candidates.cells is None else LARGEST_SHARE
    return Resampled(inside, outside, fixed, held, picked, candidates.rows, side)


def means(losses: Vector | Matrix, rows: Flags, sizes: Vector) -> Vector:
    """Mean (B,) on the flagged rows (B, M) of one series of losses (M,)."""
    return product(rows, losses * sizes) / product(rows, sizes)


def _restored(sums: Vector, rows: Vector, level: Vector) -> Vector:
    """Mean losses (B, R) from sums of what was apart from the common ``level`` (B,)."""
    return sums / rows[:, np.newaxis] + level[:, np.newaxis]


@dataclass(frozen=True)
class _Apart:
    """Losses of candidates less what is common, times the rows of a column (c, M).

    ``before`` (c, M + 1): their sum over all columns before one, in float64.
    """

    losses: Matrix
    before: Vector

    @classmethod
    def of(cls, losses: Matrix, sizes: Vector) -> "_Apart":
        if (sizes != 1).any():
            losses = losses * sizes.astype(np.float32)
        before = np.zeros((len(losses), losses.shape[1] + 1))
        np.cumsum(losses, axis=1, dtype=np.float64, out=before[:, 1:])
        return cls(losses, before)

    @cached_property
    def over_columns(self) -> FlaggedSums:
        """Sums of the losses over flagged columns."""
        return FlaggedSums(self.losses.T)

    def sums(self, chosen: Flags, held: Flags, cuts: Indices) -> tuple[Matrix, Matrix]:
        """Sums (draws, c) over the choosing and over the held-out columns."""
        if len(cuts) == self.before.shape[1]:
            over = self.over_columns
        else:
            over = FlaggedSums(np.diff(self.before[:, cuts], axis=1).astype(np.float32).T)
        first = cuts[:-1]
        inside, outside = chosen[:, first], held[:, first]
        on_chosen = over(inside).astype(np.float32)
        if (inside != outside).all():
            return on_chosen, self.before[:, -1].astype(np.float32) - on_chosen
        return on_chosen, over(outside).astype(np.float32)


def _parts(draws: Draws) -> Iterator[tuple[slice, Indices]]:
    """Draws to take at once, and the columns (S + 1) at which any of them is cut, ends included."""
    count, columns = draws.held.shape
    together = len(_cuts(draws, slice(TOGETHER))) < BOUNDARY_SHARE * columns
    size = TOGETHER if together else AT_ONCE
    for begin in range(0, count, size):
        part = slice(begin, begin + size)
        yield part, _cuts(draws, part)


def _cuts(draws: Draws, part: slice) -> Indices:
    columns = draws.held.shape[1]
    changes = np.zeros(columns - 1, bool)
    for rows in (draws.held[part], draws.chosen[part]):
        changes |= (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    return np.concatenate([[0], np.flatnonzero(changes) + 1, [columns]])


def _blocks(candidates: Candidates) -> Iterator[tuple[int, int]]:
    """Cut the runs into stretches, first and last + 1, of as many states as memory allows."""
    most = max(1, LARGEST // len(candidates.sizes))
    first = 0
    while first < candidates.runs:
        fit = np.searchsorted(candidates.starts, candidates.starts[first] + most, "right") - 1
        last = max(int(fit), first + 1)
        yield first, last
        first = last


def _best(sums: Matrix, starts: Indices) -> Indices:
    """Index (draws, runs) of each run's best candidate; ``starts`` (runs + 1,)."""
    if len(starts) - 1 == sums.shape[1]:
        return np.broadcast_to(np.arange(sums.shape[1]), sums.shape)
    cuts = itertools.pairwise(starts)
    return np.stack([a + sums[:, a:b].argmin(axis=1) for a, b in cuts], axis=1)
