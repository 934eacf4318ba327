"""The walk-forward: a recipe followed again week after week, each time blind to what came after.

Every forecast in it was made from days before the one it is for, by a model that was trained on
days before its week: what the recipe would have lost, had it been in use.

Shape letters: W weeks, O origins (the days of these weeks but the last H - 1), H days ahead.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.forecast.forecaster import Forecaster, Inputs, levels
from viewcast.models.fitted import Fitted

Vector = NDArray[np.float64]
Fit = Callable[[pd.DataFrame], Fitted]
WEEK = 7


@dataclass(frozen=True)
class WalkForward:
    """``days``: one row per day with week (its first day), day, views, forecast (one day ahead,
    made by that week's model) and naive (the same weekday of the week before), in views.
    ``errors``: (O, H) views less forecast, by the level of the channel at the origin.
    """

    days: pd.DataFrame
    errors: Vector

    def weekly(self) -> pd.DataFrame:
        """Mean absolute error by week, in views: week, loss, naive, days."""
        table = self.days.assign(
            loss=(self.days["forecast"] - self.days["views"]).abs(),
            naive=(self.days["naive"] - self.days["views"]).abs(),
        )
        groups = table.groupby("week", as_index=False)
        return groups.agg(loss=("loss", "mean"), naive=("naive", "mean"), days=("day", "size"))


def walk_forward(
    fit: Fit, rows: pd.DataFrame, inputs: Inputs, weeks: int, window: int, ahead: int
) -> WalkForward:
    """Follow a recipe over the last ``weeks`` weeks of the open rows of a prepared table.

    ``fit``: trains on such rows. ``rows``: consecutive days, by time. ``window``: days to train on,
    as many as there are where they are fewer; a week with fewer days before it than half of that,
    or than there are lags, is left out. ``ahead``: H.
    """
    views = _views(rows, inputs)
    days = pd.DatetimeIndex(rows["time"])
    least = max(window // 2, inputs.lags) if len(rows) > window else inputs.lags
    parts, errors = [], []
    scale = levels(views)
    for start in _starts(len(rows), weeks, max(least, 2 * WEEK)):
        model = Forecaster(fit(rows.iloc[max(0, start - window) : start]), inputs)
        week = days[start : start + WEEK]
        origins = week - pd.Timedelta(days=1)
        paths = model.paths(views, origins, ahead)
        known = np.stack([views.reindex(week + pd.Timedelta(days=h)) for h in range(ahead)], axis=1)
        naive = views.reindex(week - pd.Timedelta(days=WEEK)).to_numpy()
        part = {"views": views[week].to_numpy(), "forecast": paths[:, 0], "naive": naive}
        parts.append(pd.DataFrame({"week": week[0], "day": week, **part}))
        errors.append((known - paths) / scale[origins].to_numpy()[:, np.newaxis])
    columns = ["week", "day", "views", "forecast", "naive"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    every = np.concatenate(errors) if errors else np.empty((0, ahead))
    return WalkForward(table, every[~np.isnan(every).any(axis=1)])


def _starts(count: int, weeks: int, least: int) -> list[int]:
    """The places of the first days of the last whole weeks, the earliest first."""
    places = [count - WEEK * week for week in range(weeks, 0, -1)]
    return [place for place in places if place >= least]


def _views(rows: pd.DataFrame, inputs: Inputs) -> pd.Series:
    """The views behind the rows, and of the days before that their lags tell."""
    first = rows.iloc[0]
    lags = [first[f"lag_{lag}"] for lag in range(inputs.lags, 0, -1)]
    days = pd.date_range(end=first["time"], periods=inputs.lags + 1)[:-1]
    index = days.append(pd.DatetimeIndex(rows["time"]))
    scaled = np.concatenate([lags, rows["target"]]) * inputs.scale
    return pd.Series(scaled, index=index, name="views")
