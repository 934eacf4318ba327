"""Row losses with their keys: which rows were scored, and the loss of each.

Shape letters: E evaluated states of a run, M validation rows, L cells of consecutive rows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.selection.candidates import cells

KEYS = ("entity", "time", "row")
CELLS = 512  # of a trajectory, at most; viewcast.training.trajectory makes them

Losses = NDArray[np.floating]
Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowLosses:
    """What one run lost on each row.

    ``keys``: entity, time, row (text), and target where it is known, of M rows in order of time;
    ``final`` (M,): losses of the state that was kept. ``states`` (E, L): of all states that were
    evaluated, L = M up to 512 rows, cells of ⌈M / 512⌉ consecutive rows above; None where only the
    final state was scored. ``epochs`` (E,): after which epoch each was evaluated.
    """

    keys: pd.DataFrame
    final: Losses
    states: Losses | None = None
    epochs: NDArray[np.int64] | None = None

    @property
    def missing(self) -> int:
        """How many rows have no finite loss."""
        return int((~np.isfinite(self.final)).sum())

    @property
    def cell(self) -> int:
        """Rows in a cell of ``states``."""
        return max(1, -(-len(self.final) // CELLS))

    def columns(self, size: int) -> tuple[Losses, Vector]:
        """Losses of all states, the kept one last, in cells of ``size`` rows; the cells' sizes.

        ``size`` is that of the cells of ``states``, or any where there are none. A state with a
        loss that is not finite cannot have been chosen and is left out.
        """
        own, sizes = cells(self.final[np.newaxis], size)
        if self.states is None:
            return own, sizes
        finite = self.states[np.isfinite(self.states).all(axis=1)]
        return np.vstack([finite, own.astype(np.float32)]), sizes

    def aligned(self, keys: pd.DataFrame) -> "RowLosses | str":
        """The same in the order of ``keys``, or why that cannot be: other rows were scored."""
        if same(self.keys, keys):
            return replace(self, keys=keys)
        own, wanted = indices(self.keys, keys)
        common = len(own.intersection(wanted))
        if not len(own) == common == len(wanted):
            return (
                f"was scored on other rows than the rest: {len(own)} rows, {common} of them among "
                f"the {len(wanted)} of this holdout"
            )
        places = own.get_indexer(wanted)
        if self.states is None or (places == np.arange(len(places))).all():
            return replace(self, keys=keys, final=self.final[places])
        if self.cell > 1:
            return "kept its epochs' losses in cells of rows that stand in another order"
        return replace(self, keys=keys, final=self.final[places], states=self.states[:, places])


def same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Whether two key tables name the same rows in the same order."""
    return first is second or (
        first.columns.equals(second.columns)
        and len(first) == len(second)
        and all(first[key].equals(second[key]) for key in first if key != "target")
    )


def indices(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.Index, pd.Index]:
    """The rows of two tables by the keys that both have: older runs kept ``row`` alone."""
    keys = [key for key in KEYS if key in first and key in second]
    return pd.MultiIndex.from_frame(first[keys]), pd.MultiIndex.from_frame(second[keys])


def usual(tables: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
    """The keys of most runs, whole ones first; None of none."""
    counts = Counter(id(table) for table in tables)
    return max(tables, key=lambda t: (set(KEYS) <= {*t}, counts[id(t)]), default=None)


def shared(first: pd.DataFrame, second: pd.DataFrame) -> int:
    """How many rows two key tables have in common."""
    rows, others = indices(first, second)
    return len(rows.intersection(others))
