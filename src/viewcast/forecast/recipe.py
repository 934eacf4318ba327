"""The protocol of a recipe: a way to forecast the next days, refitted every night on all days.

A new recipe is one class and one file of ``conf/recipe``. The class is a checked dataclass whose
fields are the keys of the file.

Shape letters: D days, H days ahead.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import ConfigError, DataError
from viewcast.forecast.history import History

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]


class FittedRecipe(Protocol):
    """A recipe after its fit. It forecasts from any history, such as one that a request brings."""

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the days after the newest one of ``history``.

        H is that of the fit. ``history``: at least ``min_days`` days.
        """

    def arrays(self) -> Arrays:
        """What the fit has found, by name: all that ``restored`` needs."""


class Recipe(Protocol):
    """A way to forecast.

    ``min_days``: the fewest days of a history that it is fitted on and forecasts from. The same
    history and the same settings give the same forecast, bit for bit.
    """

    @property
    def min_days(self) -> int:
        """The fewest days of a history."""

    def fit(self, history: History, horizon: int) -> FittedRecipe:
        """Fit to all days of ``history``; forecasts will be of ``horizon`` days."""

    def restored(self, arrays: Arrays, horizon: int) -> FittedRecipe:
        """The inverse of ``FittedRecipe.arrays``: it forecasts as before, bit for bit."""


def forecast_of(name: str, fitted: FittedRecipe, history: History, horizon: int) -> Vector:
    """The checked forecast log(1 + views) (H,) of a fitted recipe, at least 0.

    Refuses (DataError) another shape, and values that are not finite, with the name of the recipe.
    """
    log = np.asarray(fitted.forecast(history), np.float64)
    if log.shape != (horizon,) or not np.isfinite(log).all():
        raise DataError(
            f"recipe {name}: its forecast from {history.newest} is {log.tolist()!s:.80}; expected "
            f"{horizon} finite values of log(1 + views)"
        )
    return np.maximum(log, 0.0)


def fitted_forecast(
    name: str, recipe: Recipe, history: History, horizon: int, known: FittedRecipe | None = None
) -> tuple[FittedRecipe, Vector]:
    """The fit of a recipe, unless it is ``known``, and its checked forecast; see ``forecast_of``.

    Refuses (DataError) days that it cannot be fitted to, with the name of the recipe and its error:
    a recipe may be anybody's code, and the others go on.
    """
    try:
        fitted = recipe.fit(history, horizon) if known is None else known
        return fitted, forecast_of(name, fitted, history, horizon)
    except (ConfigError, DataError):
        raise
    except Exception as error:
        raise DataError(
            f"recipe {name}: cannot be fitted to the {len(history)} days up to {history.newest} "
            f"({type(error).__name__}: {error})"
        ) from error
