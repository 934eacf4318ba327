"""What a version of the registered model is: the recipes that serve, fitted on a channel's days.

It needs nothing but the days it forecasts from. A version whose recipes had other settings than
today's configuration therefore forecasts as before.

Shape letters: D days, H days ahead, h the days of one request, up to H.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base import contents
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.settings import build
from viewcast.forecast.combination import combined
from viewcast.forecast.conformal import Intervals
from viewcast.forecast.habits import Habit, parsed
from viewcast.forecast.history import History
from viewcast.forecast.rebase import rebased
from viewcast.forecast.recipe import FittedRecipe, Recipe, forecast_of
from viewcast.forecast.recipes import identity, load_fits, plain, save_fits

Vector = NDArray[np.float64]
FILE = "forecaster.json"
FITS = "fits.npz"
KEYS = ("horizon", "members", "habits", "intervals")
TODO = "expected a folder that ChannelForecaster.save wrote, unchanged"


@dataclass(frozen=True)
class ChannelForecaster:
    """Forecasts the next ``horizon`` (H) days of a channel: the mean of the logs of its members.

    ``recipes``, ``fits``: the members' settings and what they have learnt, by name. ``habits``:
    the confirmed changes; each history is moved to the newest one first, as it was in the fit.
    ``intervals``: from the errors of kept forecasts, None where there are too few.
    """

    recipes: Mapping[str, Recipe]
    fits: Mapping[str, FittedRecipe]
    horizon: int
    habits: tuple[Habit, ...] = ()
    intervals: Intervals | None = None

    @classmethod
    def fitted(
        cls,
        members: Mapping[str, Recipe],
        history: History,
        horizon: int,
        habits: tuple[Habit, ...] = (),
    ) -> "ChannelForecaster":
        """Fit each member on all days of a history; without intervals.

        Refuses (DataError) a history that is shorter than a member needs.
        """
        made = cls(members, {}, horizon, habits)
        known = made._moved(history)
        fits = {name: recipe.fit(known, horizon) for name, recipe in members.items()}
        return cls(members, fits, horizon, habits)

    @property
    def min_days(self) -> int:
        """The fewest days of a history."""
        return max(recipe.min_days for recipe in self.recipes.values())

    @property
    def identity(self) -> str:
        """Hash of the members' code and settings."""
        return identity(*self.recipes.values())

    def forecasts(self, history: History) -> dict[str, Vector]:
        """log(1 + views) (H,) of the days after the newest one of a history, by member.

        Refuses (DataError) a history that is shorter than a member needs.
        """
        known = self._moved(history)
        return {
            name: forecast_of(name, fit, known, self.horizon) for name, fit in self.fits.items()
        }

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days: what serves. Refuses as ``forecasts`` does."""
        return combined(self.forecasts(history))

    def ahead(self, views: pd.Series, days: int) -> pd.DataFrame:
        """The next ``days`` (h) days as a table: date, views, low, high, in views.

        ``views``: (D,) of consecutive days, indexed by day. Without ``intervals``, low and high are
        missing. Refuses (DataError) too few days, and more days ahead than H.
        """
        history = History.of(views)
        log = self._asked(history, days)
        table = pd.DataFrame({"date": history.dates_ahead(days), "views": np.expm1(log)})
        if self.intervals is None:
            return table.assign(low=np.nan, high=np.nan)
        low, high = self.intervals.around(log)
        return table.assign(low=low, high=high)

    def total(self, views: pd.Series, days: int | None = None) -> tuple[float, float, float]:
        """Low, forecast and high, in views, of the sum of the next ``days`` days; None for H.

        Without ``intervals``, low and high are NaN. Refuses as ``ahead`` does.
        """
        log = self._asked(History.of(views), self.horizon if days is None else days)
        if self.intervals is None:
            return np.nan, float(np.expm1(log).sum()), np.nan
        return self.intervals.total(log)

    def save(self, folder: Path) -> None:
        """Write the forecaster into a folder: what it is made of as JSON, and what it has learnt.

        The same forecaster gives the same bytes.
        """
        save_fits(folder / FITS, self.fits)
        known = None if self.intervals is None else self.intervals.plain()
        about = {
            "horizon": self.horizon,
            "members": {name: plain(recipe) for name, recipe in self.recipes.items()},
            "habits": [habit.plain() for habit in self.habits],
            "intervals": known,
        }
        contents.write(folder, FILE, about, [FITS])

    @classmethod
    def load(cls, folder: Path) -> "ChannelForecaster":
        """Read a forecaster back: it forecasts as before, bit for bit.

        Refuses (DataError), naming the file, a folder that holds none, one that is not as it was
        written, and one that needs a class that cannot be imported. One that an earlier version
        wrote, without hashes, has to forecast from a history.
        """
        held = contents.read(folder, FILE, KEYS, TODO)
        about = held.about
        try:
            members: dict[str, Recipe] = {
                name: build(keys, f"{FILE}: members.{name}", Recipe)
                for name, keys in about["members"].items()
            }
            fits = load_fits(folder / FITS, members, about["horizon"])
            known = about["intervals"]
            intervals = None if known is None else Intervals.of_plain(known)
            confirmed = tuple(parsed(about["habits"], f"{FILE}: habits"))
            made = cls(members, fits, about["horizon"], confirmed, intervals)
            if not held.hashed:
                made._try()
            return made
        except DataError:
            raise
        except (OSError, KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
            raise DataError(
                f"{folder}: holds no forecaster that can be read here ({error!r}); {TODO}"
            ) from error

    def _try(self) -> None:
        """Refuse (DataError) fits whose arrays do not fit each other."""
        days = History(date(2021, 1, 1), np.log1p(np.full(self.min_days, 100.0)))
        for name, fit in self.fits.items():
            try:
                forecast_of(name, fit, days, self.horizon)
            except Exception as error:  # a recipe may be anybody's code
                raise DataError(f"{FITS}: {name} cannot forecast ({error!r}); {TODO}") from error

    def _moved(self, history: History) -> History:
        if len(history) < self.min_days:
            needs = max(self.recipes, key=lambda name: self.recipes[name].min_days)
            raise DataError(
                f"found {len(history)} days up to {history.newest}, expected at least "
                f"{self.min_days}, which {needs} needs; give more days"
            )
        return rebased(history, self.habits)

    def _asked(self, history: History, days: int) -> Vector:
        if not 1 <= days <= self.horizon:
            raise DataError(
                f"found a request for {days} days; this version forecasts 1 to {self.horizon} days "
                "ahead: ask for no more, or raise forecast.horizon for the next night's version"
            )
        return self.forecast(history)[:days]
