"""A night of an imported channel: `make run SOURCE=...` forecasts its next days for its page."""

from collections.abc import Mapping
from typing import Any

from viewcast.data.dataset import DataSet
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_text import headline

GOOD = (0, 10, 11, 13)  # exit codes of nights after which a forecast serves
ANY_AGE = 1_000_000  # days: a person imports an old export on purpose, and the page tells its age


def own_night(data: DataSet) -> list[str]:
    """The overrides of ``conf/retrain.yaml`` for a night of the channel that ``data`` is.

    The night reads what was imported, so that it needs the export's own folder no more, and refuses
    no age of its newest day.
    """
    return [
        f"source={data.name}",
        f"source.folder={data.raw}",
        f"retrain.channel={data.name}",
        f"check.max_age_days={ANY_AGE}",
    ]


def told(data: DataSet, outcome: Mapping[str, Any], record: NightsRecord | None) -> str:
    """The forecast of a channel in a line, or why there is none.

    ``record``: what nights have left, of whichever channel had the last one.
    """
    if outcome["code"] not in GOOD or record is None or record.channel != data.name:
        return f"{data.label}: no new forecast, the night ended as {outcome['outcome']}"
    return f"{data.label}, {headline(record)}"
