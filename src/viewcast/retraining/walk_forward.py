"""The walk-forward: a recipe trained anew week after week, each time only on earlier days.

Every forecast uses only days before its own, and a model that was trained only on days before its
week. The losses are those that the recipe would have had in use.

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
    ``errors``: (O, H) views less forecast, divided by the level of the channel at the origin.
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
    fit: Fit, rows: pd.DataFrame, inputs: Inputs, weeks: int, window: int, horizon: int
) -> WalkForward:
    """Train a recipe anew for each of the last ``weeks`` weeks of a prepared table's open rows.

    ``fit``: trains on such rows. ``rows``: consecutive days, by time. ``window``: days to train on,
    or all earlier days where they are fewer. A week is left out if there are fewer days before it
    than half of ``window`` or than lags. ``horizon``: H.
    """
    views = _views(rows, inputs)
    days = pd.DatetimeIndex(rows["time"])
    min_days = max(window // 2, inputs.lags) if len(rows) > window else inputs.lags
    parts, errors = [], []
    scale = levels(views)
    for start in _starts(len(rows), weeks, max(min_days, 2 * WEEK)):
        model = Forecaster(fit(rows.iloc[max(0, start - window) : start]), inputs)
        week = days[start : start + WEEK]
        origins = week - pd.Timedelta(days=1)
        paths = model.paths(views, origins, horizon)
        known = np.stack(
            [views.reindex(week + pd.Timedelta(days=h)) for h in range(horizon)], axis=1
        )
        naive = views.reindex(week - pd.Timedelta(days=WEEK)).to_numpy()
        part = {"views": views[week].to_numpy(), "forecast": paths[:, 0], "naive": naive}
        parts.append(pd.DataFrame({"week": week[0], "day": week, **part}))
        errors.append((known - paths) / scale[origins].to_numpy()[:, np.newaxis])
    columns = ["week", "day", "views", "forecast", "naive"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    all_errors = np.concatenate(errors) if errors else np.empty((0, horizon))
    return WalkForward(table, all_errors[~np.isnan(all_errors).any(axis=1)])


def _starts(count: int, weeks: int, min_days: int) -> list[int]:
    """The positions of the first days of the last whole weeks, the earliest first."""
    positions = [count - WEEK * week for week in range(weeks, 0, -1)]
    return [position for position in positions if position >= min_days]


def _views(rows: pd.DataFrame, inputs: Inputs) -> pd.Series:
    """The views of the rows' days, and of the earlier days that the lags of the first row hold."""
    first = rows.iloc[0]
    lags = [first[f"lag_{lag}"] for lag in range(inputs.lags, 0, -1)]
    days = pd.date_range(end=first["time"], periods=inputs.lags + 1)[:-1]
    index = days.append(pd.DatetimeIndex(rows["time"]))
    scaled = np.concatenate([lags, rows["target"]]) * inputs.scale
    return pd.Series(scaled, index=index, name="views")
