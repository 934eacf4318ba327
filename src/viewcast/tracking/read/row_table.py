"""The loss of every validation row of one run, however the run came to tell it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.tracking.read.measured import Measured
from viewcast.tracking.read.row_sets import Order, RowSet

EXACT = 10_000  # rows; longer losses are kept in float32: 2,000 runs of 50,000 rows weigh 400 MB


@dataclass(frozen=True, eq=False)
class RowTable:
    """Rows and what a run lost on each, in order of time.

    ``keys``: entity, time, row (text) of M rows, and target where it is a known number; the same
    object for runs of the same rows, so that hundreds of runs keep them once. ``identity`` (16
    hex): of the rows, in whatever order, their targets included. ``counted``: whether they are
    named by their position alone; rows that a run tells in another order than the first run have
    then been put into its order, by their content.
    ``values`` (M,): losses or pseudo-losses, less is better, missing where the run's own is;
    float32 for more than 10,000 rows. ``figure``: their mean in the direction of the user
    (accuracy .913). ``name``: of the metric, as the user has it; ``more_is_better``: its direction.
    ``approximate``, ``bound``: see ``viewcast.scoring.metric.RowValues``.
    ``source``: the artifact, or the model, that they come from. ``asked``: whether the user gave
    the rows to score the model on, whatever rows the run itself was validated on.
    """

    keys: pd.DataFrame
    identity: str
    counted: bool
    values: NDArray[np.floating]
    figure: float
    name: str
    more_is_better: bool
    source: str
    approximate: str | None = None
    bound: bool = True
    asked: bool = False


@dataclass(frozen=True, eq=False)
class Found:
    """What a run tells of its rows.

    ``rows``: None where it tells nothing. ``passed_over``: artifacts that might have been meant,
    each with the reason why they were not taken, and what must be told of the one that was.
    """

    rows: RowTable | None
    passed_over: tuple[str, ...] = ()


def row_table(rows: RowSet, order: Order, measured: Measured, source: str) -> RowTable:
    """What was measured, in the order of the set of rows; ``order`` as ``RowSets.of`` gives it."""
    values = measured.values[order]
    figure = float(values.mean())
    values = -values if measured.more_is_better else values
    return RowTable(
        keys=rows.keys,
        identity=rows.identity,
        counted=rows.counted,
        values=values.astype(np.float32) if len(values) > EXACT else values,
        figure=figure,
        name=measured.name,
        more_is_better=measured.more_is_better,
        source=source,
        approximate=measured.approximate,
        bound=measured.bound,
    )
