"""Which rows judge and which are hidden until the end. Shape letter: N rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.holdout.settings import divide
from viewcast.referee.gains import Alike, Blocks, Indices, Part, block_size
from viewcast.referee.spread import spread
from viewcast.referee.terms import Terms
from viewcast.selection.clusters import Cluster, Clusters

FEWEST_ROWS = 100
FEWEST_BLOCKS = 8


@dataclass(frozen=True, eq=False)
class Parts:
    """``gate``, ``hidden``: indices of rows; ``judging``, ``closing``: how these are alike.

    Rows in neither are not used.
    """

    gate: Indices
    hidden: Indices
    judging: Part
    closing: Part


def parts(rows: int, terms: Terms) -> Parts:
    """Of one series in order: the first blocks judge, the last ones are hidden; or these lie spread
    over the time.

    Refuses (DataError) fewer than 100 rows, or 8 blocks of either kind; and what ``spread`` does.
    """
    _refuse_few(rows, terms)
    size = block_size(terms.length)
    if terms.hidden_rows == "spread":
        gate, hidden = map(np.flatnonzero, spread(rows, terms))
    else:
        blocks = rows // size
        first = (blocks - round(blocks * terms.hidden)) * size
        gate, hidden = np.split(np.arange(rows, dtype=np.int64), [first])
    found = Parts(gate, hidden, Blocks.of(len(gate), size), Blocks.of(len(hidden), size))
    return _enough(found, terms, f"blocks of {size} rows" if size > 1 else "rows")


def parts_of_panel(keys: pd.DataFrame, cluster: Cluster, terms: Terms) -> Parts:
    """Of rows (entity, time) that are alike, in order of time.

    Where only times are new the last times are hidden; else whole entities, by a hash of their
    names (``viewcast.holdout.settings.divide``). Refusals: as of ``parts``, of entities or times;
    and (ConfigError) hidden rows that are to lie spread over the time of one series.
    """
    if terms.hidden_rows == "spread":
        what = "the last times" if cluster == "time" else "whole entities"
        raise ConfigError(
            f"hidden_rows = spread: is for one series; of a panel (cluster = {cluster}) {what} are "
            "hidden: leave it out"
        )
    _refuse_few(len(keys), terms)
    clusters = Clusters.of(keys, cluster)
    of_time = cluster == "time"
    count = clusters.times if of_time else clusters.entities
    hidden_count = round(count * terms.hidden)
    what = {"time": "times", "entity": "entities", "both": "entities or times"}[cluster]
    if min(hidden_count, count - hidden_count) < FEWEST_BLOCKS:
        raise _few(terms, count - hidden_count, hidden_count, "times" if of_time else "entities")
    if of_time:
        flags = clusters.time >= count - hidden_count
    else:
        flags = (divide(keys, terms.hidden, 1, cluster) == "hidden").to_numpy()
    gate, hidden = np.flatnonzero(~flags), np.flatnonzero(flags)
    found = Parts(gate, hidden, Alike(clusters.at(gate)), Alike(clusters.at(hidden)))
    return _enough(found, terms, what)


def _refuse_few(rows: int, terms: Terms) -> None:
    if rows < FEWEST_ROWS:
        raise DataError(
            f"{rows} rows: a referee needs {FEWEST_ROWS} or more, {terms.hidden:g} of them hidden; "
            "take more validation rows"
        )


def _enough(found: Parts, terms: Terms, what: str) -> Parts:
    if min(found.judging.blocks, found.closing.blocks) < FEWEST_BLOCKS:
        raise _few(terms, found.judging.blocks, found.closing.blocks, what)
    return found


def _few(terms: Terms, judging: int, hidden: int, what: str) -> DataError:
    return DataError(
        f"hidden = {terms.hidden:g}: found {judging} {what} that judge and {hidden} hidden, "
        f"expected {FEWEST_BLOCKS} or more of each; take more validation rows"
    )
