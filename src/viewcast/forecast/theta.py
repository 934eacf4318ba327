"""AutoTheta of the library statsforecast on log(1 + views), with a weekly season.

The best by in-sample error of four theta models (Fiorucci et al., International Journal of
Forecasting 2016), after a weekly pattern is taken off where it is significant.

Shape letters: D days, H days ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.reach import within_reach

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
MODELS = ("STM", "OTM", "DSTM", "DOTM")
FLAT = 1e-9  # range of logs below which there is nothing to fit
OF_FLAT = (0, 0.5, 2.0)  # statsforecast's model, alpha and theta of a constant series


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Theta:
    """``window``: newest days that it is fitted on."""

    window: Annotated[int, Field(ge=2 * WEEK)]
    min_days: ClassVar[int] = 2 * WEEK

    def fit(self, history: History, horizon: int) -> "FittedTheta":
        """Choose the model, its smoothing alpha and its theta.

        Refuses (ConfigError) where statsforecast is not installed.
        """
        log = history.log[-self.window :]
        if np.ptp(log) < FLAT:
            return FittedTheta(self.window, horizon, *OF_FLAT)
        found = _auto_theta(log - log.mean())
        model = MODELS.index(found["modeltype"])
        parameters = found["par"]
        alpha, theta = float(parameters["alpha"]), float(parameters["theta"])
        return FittedTheta(self.window, horizon, model, alpha, theta)

    def restored(self, arrays: Arrays, horizon: int) -> "FittedTheta":
        """The inverse of ``arrays``."""
        model, alpha, theta = arrays["parameters"].tolist()
        return FittedTheta(self.window, horizon, int(model), alpha, theta)


@plain(frozen=True)
class FittedTheta:
    """``model``: its place in MODELS. ``alpha``, ``theta``: the parameters of the fit.

    The weekly pattern and the first level are those of the history to forecast from.
    """

    window: int
    horizon: int
    model: int
    alpha: float
    theta: float

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days."""
        log = history.log[-self.window :]
        if np.ptp(log) < FLAT:
            return np.full(self.horizon, log[-1])
        centre = log.mean()
        chosen = {"model": MODELS[self.model], "alpha": self.alpha, "theta": self.theta}
        ahead = centre + _forecast_theta(_auto_theta(log - centre, **chosen), self.horizon)
        return within_reach(np.where(np.isfinite(ahead), ahead, log[-1]), log)

    def arrays(self) -> Arrays:
        """Model, alpha and theta."""
        return {"parameters": np.array([self.model, self.alpha, self.theta])}


def _auto_theta(log: Vector, **chosen: Any) -> dict[str, Any]:
    """A theta model with additive weekdays. ``log``: less its mean, so that no scale matters."""
    fitted: dict[str, Any] = _library().auto_theta(
        log, WEEK, decomposition_type="additive", **chosen
    )
    return fitted


def _forecast_theta(fitted: dict[str, Any], horizon: int) -> Vector:
    ahead: Vector = _library().forecast_theta(fitted, horizon)["mean"]
    return ahead


def _library() -> Any:
    try:
        from statsforecast import theta  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError as error:
        raise ConfigError(
            "recipes.theta needs statsforecast; install it (pip install 'viewcast[forecasting]') "
            "or leave theta out of the list recipe"
        ) from error
    return theta
