"""The history of champions as one point per day: what was promised of it, and what came true."""

import math
from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd

from viewcast.report.champion_record import WEEK, Champion, ChampionHistory
from viewcast.tracking import tags

DAY = timedelta(days=1)


def points(history: ChampionHistory, tonight: date) -> dict[date, dict[str, float]]:
    """The metrics of each day from the first promotion to ``tonight``, the day of the last night.

    ``promised_loss``, ``promised_low``, ``promised_high``, ``champion_version``: of the champion
    that forecasts the day; the ends of the interval only where there is one. ``realised_loss``,
    ``naive_loss``: mean over the last 7 days up to this one, whichever champion forecast them, or
    over the fewer days there are since the first promotion; absent until the day is known. A single
    day would lie outside the promise now and then though the mean keeps it: weekdays differ. All in
    the unit of the loss.
    """
    champions = {
        day: champion for champion in history.champions for day in _reign(champion, tonight)
    }
    realised = _realised(history)
    return {
        day: {**_promised(champion), **realised.get(day, {})}
        for day, champion in sorted(champions.items())
    }


def _realised(history: ChampionHistory) -> dict[date, dict[str, float]]:
    losses = history.days[["loss", "naive_loss"]].astype(float).asfreq("D")
    means = losses.rolling(WEEK, min_periods=1).mean()
    means.columns = pd.Index([tags.REALISED_LOSS, tags.NAIVE_LOSS])
    rows = zip(pd.DatetimeIndex(means.index), means.to_dict("records"), strict=True)
    return {
        day.date(): {str(name): value for name, value in row.items() if not math.isnan(value)}
        for day, row in rows
    }


def _reign(champion: Champion, tonight: date) -> Iterator[date]:
    """The days that a champion forecasts, up to ``tonight``."""
    end = tonight + DAY if champion.until is None else champion.until
    for number in range((end - champion.promoted).days):
        yield champion.promoted + number * DAY


def _promised(champion: Champion) -> dict[str, float]:
    promised = champion.promised
    values = {
        tags.PROMISED_LOSS: promised.mean,
        tags.PROMISED_LOW: promised.low,
        tags.PROMISED_HIGH: promised.high,
        tags.CHAMPION_VERSION: float(champion.version),
    }
    return {name: value for name, value in values.items() if value is not None}
