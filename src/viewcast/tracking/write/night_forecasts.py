"""The forecasts of a night as a table of its run: one row for each recipe and day ahead.

MLflow's UI shows the table of one night, and those of several nights beside each other. It is the
format of ``mlflow.log_table``, which would add the same rows again in a night that is repeated.
"""

import json
from collections.abc import Iterable
from datetime import timedelta

from mlflow import MlflowClient

from viewcast.forecast.ledger import Kept
from viewcast.tracking.tags import LOGGED_ARTIFACTS, NIGHT_FORECASTS

# The UI shows the first ones until a reader asks for more.
COLUMNS = ("recipe", "day", "views", "low", "high", "ahead", "origin", "version", "code", "data")


def write_forecasts(client: MlflowClient, run_id: str, lines: Iterable[Kept]) -> None:
    """Store the lines of the ledger of one night, in place of what is there."""
    rows = [row for line in lines for row in _rows(line)]
    client.log_dict(run_id, {"columns": [*COLUMNS], "data": rows}, NIGHT_FORECASTS)
    shown = [{"path": NIGHT_FORECASTS, "type": "table"}]
    client.set_tag(run_id, LOGGED_ARTIFACTS, json.dumps(shown))


def _rows(line: Kept) -> list[list[object]]:
    none = (None,) * len(line.views)
    low, high = line.low or none, line.high or none
    return [
        [
            line.recipe,
            (line.origin + timedelta(days=place + 1)).isoformat(),
            views,
            low[place],
            high[place],
            place + 1,
            line.origin.isoformat(),
            line.version,
            line.code,
            line.data,
        ]
        for place, views in enumerate(line.views)
    ]
