"""A forecaster: a fitted model, with all that it needs to forecast a channel's next days.

It reads only the days themselves. A version that was trained with other lags or another calendar
than today's configuration therefore forecasts as before.

Shape letters: D days, L lags, O origins (the last known day of a forecast), H days ahead.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.base.files import write_json
from viewcast.data.daily import calendar, windows, with_lags, with_levels
from viewcast.forecast.intervals import Intervals
from viewcast.models import fitted
from viewcast.models.fitted import Fitted

Vector = NDArray[np.float64]
FILE = "forecaster.json"
LEVEL_DAYS = 28  # days whose mean views are the level of a channel


@dataclass(frozen=True)
class Inputs:
    """How features are made of views: ``lags`` (L), ``country`` of the holidays, ``scale`` (views
    per unit of the model), ``first`` (the ISO day that the age of the channel counts from).
    """

    lags: int
    country: str | None
    scale: float
    first: str


@dataclass(frozen=True)
class Forecaster:
    """Forecasts the views of the next days. ``intervals``: from the errors of past forecasts."""

    model: Fitted
    inputs: Inputs
    intervals: Intervals | None = None

    def follow(self, views: pd.Series) -> pd.Series:
        """The one-day-ahead forecast (D - L,) of each day from the days before it.

        ``views``: D consecutive days. Refuses (DataError) fewer than L + 1.
        """
        scaled = views / self.inputs.scale
        features = windows(scaled, self.inputs.lags, self.inputs.country)
        days = pd.DatetimeIndex(features.index)
        features["age"] = self._calendar(days)["age"]
        features = with_levels(features)
        predicted = self.model.predict(features.assign(row=days.strftime("%Y-%m-%d")))
        return pd.Series(self._views(predicted), index=days, name="views")

    def paths(self, views: pd.Series, origins: pd.DatetimeIndex, horizon: int) -> Vector:
        """Forecasts (O, H), in views, of the ``horizon`` days after each origin.

        The origin is the last known day. Later days that are lags of a forecast are replaced by
        their own forecasts, day by day. Refuses (DataError) an origin with fewer than L days up to
        it.
        """
        lags = self.inputs.lags
        places = views.index.get_indexer(origins)
        if (places < lags - 1).any():
            earliest = origins[int(places.argmin())]
            raise DataError(
                f"found {int(places.min()) + 1} days up to {earliest:%Y-%m-%d}, expected at least "
                f"{lags}, the lags of the forecaster; give it more days"
            )
        known = np.lib.stride_tricks.sliding_window_view(views.to_numpy(np.float64), lags)
        past = known[places - lags + 1, ::-1] / self.inputs.scale
        forecasts = np.empty((len(origins), horizon))
        for step in range(horizon):
            days = origins + pd.Timedelta(days=step + 1)
            features = with_levels(with_lags(past, self._calendar(days)))
            predicted = self.model.predict(features.assign(row=days.strftime("%Y-%m-%d")))
            forecasts[:, step] = self._views(predicted)
            past = np.hstack([forecasts[:, [step]] / self.inputs.scale, past[:, :-1]])
        return forecasts

    def ahead(self, views: pd.Series, days: int) -> pd.DataFrame:
        """The next ``days`` days as a table: date, views, low, high, in views.

        ``views``: at least L days, and 28 with ``intervals``, which need the level of the channel.
        Without ``intervals``, low and high are missing. Refuses (DataError) fewer days, and days
        ahead that the intervals were not measured for.
        """
        if self.intervals is not None and len(views) < LEVEL_DAYS:
            raise DataError(
                f"found {len(views)} days, expected at least {LEVEL_DAYS}: intervals are in "
                "proportion to their mean; give more days"
            )
        newest = pd.DatetimeIndex(views.index[[-1]])
        (forecast,) = self.paths(views, newest, days)
        dates = pd.date_range(newest[0], periods=days + 1)[1:]
        table = pd.DataFrame({"date": dates, "views": forecast})
        if self.intervals is None:
            return table.assign(low=np.nan, high=np.nan)
        low, high = self.intervals.around(forecast, level_of(views))
        return table.assign(low=low, high=high)

    def save(self, folder: Path, unit: str) -> None:
        """Write model, inputs and intervals into a new folder; ``unit``: of the target."""
        fitted.save(self.model, folder, unit)
        known = None if self.intervals is None else self.intervals.plain()
        about = {"inputs": asdict(self.inputs), "intervals": known}
        write_json(folder / FILE, about, sync=False)

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """Read a forecaster back. Refuses (DataError) a folder that holds none."""
        model = fitted.load(folder)
        try:
            about = json.loads((folder / FILE).read_text(encoding="utf-8"))
            known = about["intervals"]
            intervals = None if known is None else Intervals.of_plain(known)
            return cls(model, Inputs(**about["inputs"]), intervals)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder}: holds no forecaster of viewcast ({error!r}); expected a folder "
                "that Forecaster.save wrote"
            ) from error

    def _calendar(self, days: pd.DatetimeIndex) -> pd.DataFrame:
        return calendar(days, self.inputs.country, pd.Timestamp(self.inputs.first))

    def _views(self, predicted: Vector) -> Vector:
        """From the unit of the model to views, at least 0."""
        return np.maximum(predicted * self.inputs.scale, 0)


def level_of(views: pd.Series) -> float:
    """The level of a channel at the end of a series: the mean of its last 28 days, at least 1."""
    return max(float(views.iloc[-LEVEL_DAYS:].mean()), 1.0)


def levels(views: pd.Series) -> pd.Series:
    """The level at each day, from that day and those before it."""
    return views.rolling(LEVEL_DAYS, min_periods=1).mean().clip(lower=1.0)
