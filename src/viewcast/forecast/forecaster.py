"""A forecaster: a fitted model with all it takes to go from a channel's days to its next ones.

It reads nothing but the days themselves, so a version trained with other lags or another calendar
than today's configuration goes on forecasting as it did.

Shape letters: D days, L lags, O origins (days from which is forecast), H days ahead.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.base.files import write_json
from viewcast.data.daily import beside, calendar, windows, with_levels
from viewcast.forecast.intervals import Intervals
from viewcast.models import fitted
from viewcast.models.fitted import Fitted

Vector = NDArray[np.float64]
FILE = "forecaster.json"
LEVEL = 28  # days whose mean views are the level that errors are measured by


@dataclass(frozen=True)
class Inputs:
    """How features are made of views: ``lags`` (L), ``country`` of the holidays, ``scale`` (views
    per unit of the model), ``first`` (the ISO day from which the age of the channel counts).
    """

    lags: int
    country: str | None
    scale: float
    first: str


@dataclass(frozen=True)
class Forecaster:
    """Views of the next days, in views. ``intervals``: how far forecasts were off in the past."""

    model: Fitted
    inputs: Inputs
    intervals: Intervals | None = None

    def follow(self, views: pd.Series) -> pd.Series:
        """The forecast (D - L,) of each day from the days before it, made the evening before.

        ``views``: D consecutive days. Refuses (DataError) fewer than L + 1.
        """
        scaled = views / self.inputs.scale
        features = windows(scaled, self.inputs.lags, self.inputs.country)
        days = pd.DatetimeIndex(features.index)
        features["age"] = self._calendar(days)["age"]
        features = with_levels(features)
        predicted = self.model.predict(features.assign(row=days.strftime("%Y-%m-%d")))
        return pd.Series(self._views(predicted), index=days, name="views")

    def paths(self, views: pd.Series, origins: pd.DatetimeIndex, ahead: int) -> Vector:
        """Forecasts (O, H) in views of the ``ahead`` days after each origin, an origin included in
        what is known. What is not known yet is replaced by its own forecast, day by day.

        Refuses (DataError) an origin without L days before it.
        """
        lags = self.inputs.lags
        places = views.index.get_indexer(origins)
        if (places < lags - 1).any():
            earliest = origins[int(places.argmin())]
            raise DataError(
                f"found {int(places.min()) + 1} days up to {earliest:%Y-%m-%d}, expected at least "
                f"{lags}: the forecaster reads that many"
            )
        known = np.lib.stride_tricks.sliding_window_view(views.to_numpy(np.float64), lags)
        past = known[places - lags + 1, ::-1] / self.inputs.scale
        found = np.empty((len(origins), ahead))
        for step in range(ahead):
            days = origins + pd.Timedelta(days=step + 1)
            features = with_levels(beside(past, self._calendar(days)))
            predicted = self.model.predict(features.assign(row=days.strftime("%Y-%m-%d")))
            found[:, step] = self._views(predicted)
            past = np.hstack([found[:, [step]] / self.inputs.scale, past[:, :-1]])
        return found

    def ahead(self, views: pd.Series, days: int) -> pd.DataFrame:
        """The next ``days`` days: date, views, low, high, in views; ``views``: at least L days, and
        28 with ``intervals``, for the level of the channel.

        Without ``intervals`` low and high are missing. Refuses (DataError) fewer days, and days
        ahead that the intervals were not measured for.
        """
        if self.intervals is not None and len(views) < LEVEL:
            raise DataError(
                f"found {len(views)} days, expected at least {LEVEL}: intervals are in proportion "
                "to the mean of so many"
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
        """Write the model and, beside it, what it reads and its intervals, into a new folder."""
        fitted.save(self.model, folder, unit)
        known = None if self.intervals is None else self.intervals.plain()
        about = {"inputs": asdict(self.inputs), "intervals": known}
        write_json(folder / FILE, about)

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """Read it back; refuses (DataError) a folder that holds none."""
        model = fitted.load(folder)
        try:
            about = json.loads((folder / FILE).read_text(encoding="utf-8"))
            known = about["intervals"]
            intervals = None if known is None else Intervals.of_plain(known)
            return cls(model, Inputs(**about["inputs"]), intervals)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{folder}: holds no forecaster of viewcast ({error!r})") from error

    def _calendar(self, days: pd.DatetimeIndex) -> pd.DataFrame:
        return calendar(days, self.inputs.country, pd.Timestamp(self.inputs.first))

    def _views(self, predicted: Vector) -> Vector:
        """No day has fewer views than none."""
        return np.maximum(predicted * self.inputs.scale, 0)


def level_of(views: pd.Series) -> float:
    """The level of a channel at the end of a series: the mean of its last 28 days, at least 1."""
    return max(float(views.iloc[-LEVEL:].mean()), 1.0)


def levels(views: pd.Series) -> pd.Series:
    """The level at each day, from that day and those before it."""
    return views.rolling(LEVEL, min_periods=1).mean().clip(lower=1.0)


def first_day(views: pd.Series) -> str:
    """The ISO day from which the age of a channel counts."""
    return date.isoformat(views.index[0].date())
