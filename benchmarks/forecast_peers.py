"""The forecasts of other people's libraries, each as its documentation shows it.

All of them see log(1 + views) of the newest 758 days, which suits all but the naive ones better
than the views themselves, and give intervals of 90 %. A library that is not installed is left out.

Shape letters: D days, H days ahead.
"""

import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.forecast.history import WEEK, History

WINDOW = 758
LEVEL = 90
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bands:
    """A forecast (H,) and the ends of its interval (H,), all in log(1 + views)."""

    middle: Floats
    low: Floats
    high: Floats


Peer = Callable[[History, int], Bands]


def peers() -> tuple[dict[str, Peer], list[str]]:
    """The peers that are installed, by name, and the libraries that are not."""
    found: dict[str, Peer] = {}
    if find_spec("statsforecast"):
        for name in ("Naive", "SeasonalNaive", "AutoETS", "AutoTheta", "MSTL", "AutoARIMA"):
            found[name] = partial(_statsforecast, name)
    if find_spec("prophet"):
        found["Prophet"] = _prophet
    if find_spec("mlforecast") and find_spec("lightgbm"):
        found["LightGBM (mlforecast)"] = _mlforecast
    wanted = ("statsforecast", "prophet", "mlforecast")
    return found, [name for name in wanted if not find_spec(name)]


def _statsforecast(name: str, history: History, horizon: int) -> Bands:
    from statsforecast import models  # noqa: PLC0415

    seasons = {"Naive": {}, "MSTL": {"season_length": [WEEK]}}
    model = getattr(models, name)(**seasons.get(name, {"season_length": WEEK}))
    found = model.forecast(y=history.log[-WINDOW:], h=horizon, level=[LEVEL])
    return Bands(*(np.asarray(found[key], float) for key in ("mean", "lo-90", "hi-90")))


def _prophet(history: History, horizon: int) -> Bands:
    from prophet import Prophet  # noqa: PLC0415

    logging.getLogger("cmdstanpy").disabled = True
    logging.getLogger("prophet").setLevel(logging.ERROR)
    model = Prophet(interval_width=LEVEL / 100)
    model.fit(_frame(history)[["ds", "y"]])
    found = model.predict(pd.DataFrame({"ds": history.dates_ahead(horizon)}))
    return Bands(*(found[key].to_numpy() for key in ("yhat", "yhat_lower", "yhat_upper")))


def _mlforecast(history: History, horizon: int) -> Bands:
    from lightgbm import LGBMRegressor  # noqa: PLC0415
    from mlforecast import MLForecast  # noqa: PLC0415
    from mlforecast.lag_transforms import RollingMean  # noqa: PLC0415
    from mlforecast.target_transforms import Differences  # noqa: PLC0415
    from mlforecast.utils import PredictionIntervals  # noqa: PLC0415

    learner: Any = LGBMRegressor(verbosity=-1, n_jobs=1, random_state=0)
    model = MLForecast(
        {"lgbm": learner},
        freq="D",
        lags=[*range(1, 15), 21, 28],
        lag_transforms={1: [RollingMean(WEEK), RollingMean(4 * WEEK)]},
        date_features=["dayofweek"],
        target_transforms=[Differences([1])],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        intervals = PredictionIntervals(n_windows=10, h=horizon)
        model.fit(_frame(history), prediction_intervals=intervals)
        found = model.predict(horizon, level=[LEVEL])
    names = ("lgbm", f"lgbm-lo-{LEVEL}", f"lgbm-hi-{LEVEL}")
    return Bands(*(found[name].to_numpy() for name in names))


def _frame(history: History) -> pd.DataFrame:
    log = history.log[-WINDOW:]
    days = pd.date_range(end=history.newest, periods=len(log))
    return pd.DataFrame({"unique_id": "channel", "ds": days, "y": log})


def cpu_seconds() -> float:
    """Of this process and of those that it has started, such as Prophet's."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system
