"""A night of an imported channel: `make run SOURCE=...` forecasts its next days for its page."""

from collections.abc import Mapping
from typing import Any

from viewcast.data.views import Studio
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_text import headline

GOOD = (0, 10, 11, 13)  # exit codes of nights after which a forecast serves
ANY_AGE = 1_000_000  # days: a person imports an old export on purpose, and the page tells its age


def own_night(plain: Mapping[str, Any], data: Studio) -> dict[str, Any]:
    """The configuration of a night (``conf/retrain.yaml``) of the channel that ``data`` is.

    ``plain``: composed with the source ``studio``. The night reads the imported export, keeps what
    it keeps under the name of the data set, and refuses no age of its newest day.
    """
    source = {
        "label": data.label,
        "folder": data.raw,
        "metric": data.metric,
        "channel": data.channel,
        "cumulative": data.cumulative,
        "site": data.site,
    }
    return {
        **plain,
        "source": {**plain["source"], **source},
        "retrain": {**plain["retrain"], "channel": data.name},
        "check": {**plain["check"], "max_age_days": ANY_AGE},
    }


def told(data: Studio, outcome: Mapping[str, Any], record: NightsRecord | None) -> str:
    """The forecast of a channel in a line, or why there is none.

    ``record``: what nights have left, of whichever channel had the last one.
    """
    ended_well = outcome["code"] in GOOD
    if record is None or record.channel != data.name or not ended_well:
        return f"{data.label}: no new forecast, the night ended as {outcome['outcome']}"
    return f"{data.label}, {headline(record)}"
