"""The settings of a data set that decide its prepared table, and their identity."""

from collections.abc import Mapping
from typing import Any

from viewcast.base.settings import digest

PREPARATION = (
    *("name", "raw", "unit", "scale", "lags", "country", "splits"),
    *("metric", "channel", "cumulative", "until", "reader"),
)
TOLD = ("cluster", "published")  # keys of a panel's split that decide no cell of its table


def preparation(data: Mapping[str, Any]) -> str:
    """Hash of the keys of a ``data`` section that decide the prepared table.

    Other keys (label, features, block, the chosen split) can change without a new preparation. A
    panel has a table for each split, which only that split decides.
    """
    deciding = {key: value for key, value in without_limits(data).items() if key in PREPARATION}
    if "reader" in data:
        split = data["splits"].get(data["split"], {})
        deciding["splits"] = {data["split"]: {k: v for k, v in split.items() if k not in TOLD}}
    return digest(deciding)


def without_limits(data: Mapping[str, Any]) -> dict[str, Any]:
    """A ``data`` section without how much its files may hold, which changes no result."""
    kept = {key: value for key, value in data.items() if key != "limits"}
    if isinstance(kept.get("reader"), Mapping):
        kept["reader"] = {k: v for k, v in kept["reader"].items() if k != "limits"}
    return kept
