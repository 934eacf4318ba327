"""The settings of a data set that decide its prepared table, and their identity."""

from collections.abc import Mapping
from typing import Any

from viewcast.base.settings import digest

PREPARATION = (
    *("name", "raw", "unit", "scale", "lags", "country", "splits"),
    *("metric", "channel", "cumulative", "until", "reader"),
)


def preparation(data: Mapping[str, Any]) -> str:
    """Hash of the keys of a ``data`` section that decide the prepared table.

    Other keys (label, features, block, the chosen split) can change without a new preparation.
    """
    return digest({key: value for key, value in data.items() if key in PREPARATION})
