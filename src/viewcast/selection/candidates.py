"""The candidates of a choice: what each would have lost on every validation row.

Shape letters of this package: R runs, C candidates (a run, or an evaluated epoch of a run), M
columns of losses (validation rows in order of time, or cells of consecutive rows), B draws.
Losses are in the unit of the loss, and the lower is the better.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewcast.base.errors import DataError
from viewcast.selection.clusters import Clusters

Vector = NDArray[np.float64]
Matrix = NDArray[np.float32]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Real = TypeVar("Real", bound=np.floating[Any])


@dataclass(frozen=True)
class Candidates:
    """Losses of all states of all runs that could have been chosen.

    ``losses`` (C, M); ``run`` (C,): the run, 0 to R - 1 and rising, of which a candidate is an
    evaluated state; ``sizes`` (M,): how many rows a column averages, 1 where columns are rows;
    ``cells``: which columns are alike, where each is a cell of one entity and one time
    (``viewcast.selection.clustered``).
    """

    losses: Matrix
    run: Indices
    sizes: Vector
    cells: Clusters | None = None

    @classmethod
    def of(cls, losses: Sequence[ArrayLike], sizes: ArrayLike | None = None) -> "Candidates":
        """From one array (C_r, M) for each run: its evaluated states, or (1, M) for the final one.

        Where a state was kept because of these rows (the best epoch), give all evaluated ones: the
        kept one alone hides that choice, and the optimism comes out 15 to 30 % too low.

        Raises DataError without runs, states or columns, where runs differ in columns, and where a
        loss is missing, infinite or beyond float32.
        """
        if not losses:
            raise DataError("no run to compare: give the row losses of at least one run")
        states = [np.asarray(own) for own in losses]
        _check(states)
        counts = [len(own) for own in states]
        columns = states[0].shape[1]
        joined = np.empty((sum(counts), columns), np.float32)
        start = 0
        for i, own in enumerate(states):
            stop = start + len(own)
            with np.errstate(over="ignore"):
                joined[start:stop] = own
            if not np.isfinite(joined[start:stop]).all():
                raise DataError(
                    f"run {i} has a missing or infinite loss: exclude such runs before the others "
                    "are compared"
                )
            start = stop
        return cls(joined, np.repeat(np.arange(len(states)), counts), _sizes(sizes, columns))

    @property
    def runs(self) -> int:
        """R."""
        return int(self.run[-1]) + 1

    @property
    def rows(self) -> int:
        """Validation rows behind the M columns."""
        return int(self.sizes.sum())

    @cached_property
    def starts(self) -> Indices:
        """Index (R + 1,) of each run's first candidate, and C."""
        return np.searchsorted(self.run, np.arange(self.runs + 1))

    @cached_property
    def common(self) -> Vector:
        """Mean loss of all candidates in each column (M,): how hard the rows are for all."""
        return np.asarray(self.losses.mean(axis=0, dtype=np.float64))

    @cached_property
    def means(self) -> Vector:
        """Mean loss (C,) over the rows."""
        return mean(self.losses, self.sizes)

    @cached_property
    def picks(self) -> Indices:
        """Index (R,) of each run's best candidate, the first of equals."""
        cuts = itertools.pairwise(self.starts)
        return np.array([a + self.means[a:b].argmin() for a, b in cuts], np.int64)

    @property
    def shown(self) -> Vector:
        """Mean loss (R,) of each run's best candidate: the number in the table of runs."""
        return self.means[self.picks]

    @property
    def best(self) -> int:
        """The winning run, the first of equals."""
        return int(self.shown.argmin())

    def coarser(self, size: int) -> "Candidates":
        """The same in cells of ``size`` consecutive columns."""
        joined = np.empty((len(self.losses), math.ceil(len(self.sizes) / size)), np.float32)
        for own, cell in zip(self.losses, joined, strict=True):
            cell[:] = averaged(own, self.sizes, size)
        starts = np.arange(0, len(self.sizes), size)
        return Candidates(joined, self.run, np.add.reduceat(self.sizes, starts))

    def losses_of(self, run: int) -> Matrix:
        """Losses (M,) of the best candidate of a run."""
        return np.asarray(self.losses[self.picks[run]])

    def reference(self, losses: ArrayLike) -> Vector:
        """Losses (M,) of something to compare with, rounded as those of the candidates are.

        Raises DataError where it has other columns or a loss that is not finite.
        """
        values = np.asarray(losses, np.float64)
        if values.shape != self.sizes.shape or not np.isfinite(values).all():
            raise DataError(
                f"the reference has losses of shape {values.shape}: expected a finite one for each "
                f"of the {len(self.sizes)} columns of the runs"
            )
        return values.astype(np.float32).astype(np.float64)


def evened(losses: NDArray[Real], sizes: Vector) -> NDArray[Real]:
    """Losses (..., M) whose plain mean over columns is the mean over rows.

    A shorter cell counts for less. For methods that do not know the sizes of cells.
    """
    if _even(sizes):
        return losses
    return np.asarray(losses * (sizes / sizes.mean()), losses.dtype)


def mean(losses: NDArray[np.floating], sizes: Vector) -> Vector:
    """Mean over rows of losses (..., M) whose columns average ``sizes`` (M,) rows each."""
    if _even(sizes):
        return np.asarray(losses.mean(axis=-1, dtype=np.float64))
    return np.asarray(np.einsum("...m,m->...", losses, sizes / sizes.sum()))


def cells(losses: ArrayLike, size: int) -> tuple[NDArray[np.floating], Vector]:
    """Losses (..., M) averaged over cells of ``size`` consecutive columns, and the cells' sizes.

    The last cell may be shorter. No figure changes by as much as its last digit shown where cells
    are short beside the dependence of rows, or where there are hundreds of them.
    """
    values = np.asarray(losses)
    if size == 1:
        return values, np.ones(values.shape[-1])
    starts = np.arange(0, values.shape[-1], size)
    sizes = np.diff(np.append(starts, values.shape[-1])).astype(np.float64)
    sums = np.add.reduceat(values, starts, axis=-1, dtype=np.float64)
    return (sums / sizes).astype(values.dtype), sizes


def averaged(losses: NDArray[Real], sizes: Vector, size: int) -> Vector:
    """Mean losses of cells of ``size`` columns, of losses (M,) that average ``sizes`` (M,) rows."""
    starts = np.arange(0, len(sizes), size)
    sums = np.add.reduceat(losses * sizes, starts)
    return np.asarray(sums / np.add.reduceat(sizes, starts))


def _even(sizes: Vector) -> bool:
    return bool((sizes == sizes[0]).all())


def _check(states: Sequence[NDArray[np.floating]]) -> None:
    columns = states[0].shape[-1] if states[0].ndim else 0
    for i, own in enumerate(states):
        if own.ndim != 2 or own.size == 0:
            raise DataError(
                f"run {i} has losses of shape {own.shape}: expected (states, rows), none of them 0"
            )
        if own.shape[1] != columns:
            raise DataError(
                f"run {i} has losses of {own.shape[1]} rows, run 0 of {columns}: only runs that "
                "were scored on the same rows can be compared"
            )


def _sizes(sizes: ArrayLike | None, columns: int) -> Vector:
    if sizes is None:
        return np.ones(columns)
    given = np.asarray(sizes, np.float64)
    if given.shape != (columns,) or not (given > 0).all():
        raise DataError(f"cell sizes of shape {given.shape}: expected {columns} positive numbers")
    return given
