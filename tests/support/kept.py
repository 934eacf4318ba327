"""A made-up ledger beside its days, as some nights would leave it."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from viewcast.forecast.ledger import COMBINATION, SERVED, Kept

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)  # of the series
INSTALLED = 60  # days that the first night knows


def views(days: int) -> pd.Series:
    """About 1,000 views a day."""
    noise = np.random.default_rng(1).normal(0, 100, days)
    return pd.Series(1000 + noise, pd.date_range(FIRST, periods=days))


def line(place: int, recipe: str, forecast: float, *, backtest: bool = False) -> Kept:
    """A forecast from the day at ``place``; the first night makes version 0."""
    week = (forecast,) * 7
    version = None if backtest else place - INSTALLED + 1
    return Kept(
        FIRST + place * DAY, recipe, week, None, None, None, "code", "data", version, backtest
    )


def ledger(nights: int) -> list[Kept]:
    """A backtest of 50 origins, then as many nights of three lines each.

    The newest night knows 59 + ``nights`` days.
    """
    backtest = [line(place, COMBINATION, 1000, backtest=True) for place in range(9, 59)]
    kept = [
        line(INSTALLED - 1 + night, recipe, forecast)
        for night in range(nights)
        for recipe, forecast in ((SERVED, 1000.0), (COMBINATION, 1000.0), ("theta", 900.0))
    ]
    return [*backtest, *kept]
