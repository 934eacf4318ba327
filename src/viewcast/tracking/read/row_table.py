"""The loss of every validation row of one run, however the run came to tell it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RowTable:
    """Rows and what a run lost on each, in order of time.

    ``keys``: entity, time, row (text) of M rows, and target where it is known; the same object for
    runs of the same rows, so that hundreds of runs keep them once. ``identity`` (16 hex): of the
    rows, in whatever order, their targets included. ``counted``: whether they are named by their
    position alone; rows that other runs tell in another order have then been put into the order of
    the first, by their content.
    ``values`` (M,): losses or pseudo-losses, less is better, missing where the run's own is; float32
    for more than 10,000 rows. ``figure``: their mean in the direction of the user (accuracy .913).
    ``name``: of the metric, as the user has it; ``more_is_better``: its direction.
    ``approximate``, ``bound``: see ``viewcast.scoring.metric.RowValues``.
    ``source``: the artifact, or the model, that they come from.
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


@dataclass(frozen=True, eq=False)
class Found:
    """What a run tells of its rows.

    ``rows``: None where it tells nothing. ``passed_over``: artifacts that might have been meant,
    each with the reason why they were not taken, in words.
    """

    rows: RowTable | None
    passed_over: tuple[str, ...] = ()
