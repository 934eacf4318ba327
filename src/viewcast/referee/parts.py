"""Which rows judge and which are hidden until the end. Shape letter: N rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.holdout.settings import divide
from viewcast.referee.gains import Alike, Blocks, Indices, Part, block_size
from viewcast.referee.terms import Terms
from viewcast.selection.clusters import Cluster, Clusters

FEWEST_ROWS = 100
FEWEST_BLOCKS = 8


@dataclass(frozen=True, eq=False)
class Parts:
    """``gate``, ``hidden``: indices of rows; ``judging``, ``closing``: how these are alike."""

    gate: Indices
    hidden: Indices
    judging: Part
    closing: Part


def parts(rows: int, terms: Terms) -> Parts:
    """Of one series in order: the first blocks judge, the last ones are hidden.

    Refuses (DataError) fewer than 100 rows, or 8 blocks of either kind.
    """
    _refuse_few(rows, terms)
    size = block_size(terms.length)
    blocks = rows // size
    gate = (blocks - round(blocks * terms.hidden)) * size
    order = np.arange(rows, dtype=np.int64)
    found = Parts(order[:gate], order[gate:], Blocks.of(gate, size), Blocks.of(rows - gate, size))
    return _enough(found, terms, f"blocks of {size} rows" if size > 1 else "rows")


def parts_of_panel(keys: pd.DataFrame, cluster: Cluster, terms: Terms) -> Parts:
    """Of rows (entity, time) that are alike, in order of time.

    Where only times are new the last times are hidden; else whole entities, by a hash of their
    names (``viewcast.holdout.settings.divide``). Refusals: as of ``parts``, of entities or times.
    """
    _refuse_few(len(keys), terms)
    clusters = Clusters.of(keys, cluster)
    if cluster == "time":
        first_hidden = clusters.times - round(clusters.times * terms.hidden)
        flags = clusters.time >= first_hidden
    else:
        flags = (divide(keys, terms.hidden, 1, cluster) == "hidden").to_numpy()
    gate, hidden = np.flatnonzero(~flags), np.flatnonzero(flags)
    if not (len(gate) and len(hidden)):
        raise DataError(
            f"cluster = {cluster}: found {clusters.entities} entities and {clusters.times} times; "
            "expected at least 32 of what is new"
        )
    found = Parts(gate, hidden, Alike(clusters.at(gate)), Alike(clusters.at(hidden)))
    return _enough(found, terms, "times" if cluster == "time" else "entities")


def _refuse_few(rows: int, terms: Terms) -> None:
    if rows < FEWEST_ROWS:
        raise DataError(
            f"{rows} rows: a referee needs {FEWEST_ROWS} or more, {terms.hidden:g} of them hidden; "
            "take more validation rows"
        )


def _enough(found: Parts, terms: Terms, what: str) -> Parts:
    fewest = min(found.judging.blocks, found.closing.blocks)
    if fewest < FEWEST_BLOCKS:
        raise DataError(
            f"hidden = {terms.hidden:g}: found {found.judging.blocks} {what} that judge and "
            f"{found.closing.blocks} hidden, expected {FEWEST_BLOCKS} or more of each; take more "
            "validation rows"
        )
    return found
