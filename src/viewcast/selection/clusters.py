"""Rows that are alike: those of one entity (a video), of one time (a day), or both.

Shape letters as in ``viewcast.selection.candidates``, G entities, T times.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from viewcast.selection.candidates import Indices

Cluster = Literal["entity", "time", "both"]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Of each column its entity (M,), 0 to G - 1, and its time (M,), 0 to T - 1 in order.

    ``cluster``: what new rows will have new. ``entity``: new entities at the same times; ``time``:
    the same entities at new times; ``both``.
    """

    entity: Indices
    time: Indices
    cluster: Cluster

    @classmethod
    def of(cls, keys: pd.DataFrame, cluster: Cluster) -> "Clusters":
        """From the columns ``entity`` and ``time`` of rows, times in the order of their text."""
        entity = pd.factorize(keys["entity"])[0].astype(np.int64)
        time = pd.factorize(keys["time"], sort=True)[0].astype(np.int64)
        return cls(entity, time, cluster)
