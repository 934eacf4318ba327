"""Row losses of runs that viewcast did not make, from the tables among their artifacts."""

import hashlib
from collections.abc import Sequence

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.tracking.read import external
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_table import Found, RowTable


class RowTables:
    """Reads the row tables of many runs; rows that runs share are kept once."""

    def __init__(self, client: MlflowClient) -> None:
        self.client = client

    def fetch(self, runs: Sequence[Run]) -> None:
        """Bring the tables of these runs to this machine, many at once."""

    def of(self, run: Run, choice: MetricChoice | None = None) -> Found:
        """What a run tells of its rows, measured by the chosen metric.

        Without a choice, or where the name of the metric does not say how it is computed, by the
        loss that the run itself names.

        Raises DataError, naming run and artifact, for a table that cannot be read or has a row
        twice, and for two tables that could both be meant.
        """
        table = external.row_losses(self.client, run)
        if table is None:
            return Found(None)
        values = table["loss"].to_numpy()
        keys = table[["entity", "time", "row"]]
        name = choice.name if choice is not None else "loss"
        mean = float(values.mean())
        return Found(RowTable(keys, _identity(keys), False, values, mean, name, False, "a table"))


def _identity(keys: pd.DataFrame) -> str:
    lines = sorted("\x1f".join(key) for key in zip(*(keys[name] for name in keys), strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
