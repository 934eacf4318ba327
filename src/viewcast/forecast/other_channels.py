"""The user's other channels, which the pooled ridge may learn from."""

from pathlib import Path

import numpy as np

from viewcast.base.errors import ConfigError
from viewcast.data.studio import read_export
from viewcast.forecast.history import History

MIN_DAYS = 60
SAME_DAYS = 28  # so many days in common, nearly all of them alike, are the same channel
SAME_SHARE = 0.9


def other_channels(folder: str, history: History) -> dict[str, History]:
    """The channels of a folder by name: each file or folder in it is one export.

    ``history``: the channel that is to be forecast. Refuses (ConfigError) a folder without exports,
    a channel of fewer than 60 days, and one that is ``history`` itself: what is learned there would
    know the days that a backtest asks for. Refuses (DataError) what ``read_export`` refuses.
    """
    place = Path(folder)
    if not place.is_dir():
        raise ConfigError(
            f"recipes.pooled.folder = {folder}: no such folder; expected one with an export of "
            "each of your other channels, or null to learn from simulated ones"
        )
    exports = sorted(each for each in place.iterdir() if not each.name.startswith("."))
    if not exports:
        raise ConfigError(
            f"recipes.pooled.folder = {folder}: found nothing in it; expected an export of each of "
            "your other channels"
        )
    named = {}
    for export in exports:
        other = History.of(read_export(export))
        if len(other) < MIN_DAYS:
            raise ConfigError(
                f"{export}: found {len(other)} days, expected at least {MIN_DAYS} of a channel to "
                "learn from; take it out of recipes.pooled.folder"
            )
        if _same(other, history):
            raise ConfigError(
                f"{export}: holds the days of the channel that is forecast; what is learned from "
                "them would know the answers of its backtest; take it out of recipes.pooled.folder"
            )
        named[export.name] = other
    return named


def _same(one: History, other: History) -> bool:
    first, last = max(one.first, other.first), min(one.newest, other.newest)
    if (last - first).days + 1 < SAME_DAYS:
        return False
    a, b = (each.log[each.place(first) : each.place(last) + 1] for each in (one, other))
    return float(np.isclose(a, b).mean()) >= SAME_SHARE
