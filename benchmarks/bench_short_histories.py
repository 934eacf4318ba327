"""Channels with few days: which recipe serves them, on real series.

    python benchmarks/bench_short_histories.py --data ../shared/data

First table: the walk-forward of bench_forecast.py on the five series of its table, with all but the
newest 7 to 180 days before each origin hidden. MASE with the denominators of the whole series,
geometric means; ``served``: what ``viewcast.forecast.short_history`` serves for so many days;
``worst to naive``: the largest ratio, over series, of the error of ``served`` to that of the naive
forecast.

Second table: real channels that a public counter followed for 22 days in a row or more, in January
2026. Each is forecast 7 days ahead from its first days. ``to naive``: error divided by that of the
naive forecast, geometric mean over channels, with the standard error of its logarithm; ``better
%``: of channels.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from forecast_scores import Forecasts, scale, scores
from forecast_series import FIVE, long_series, young_series
from forecast_work import HORIZON, Work, all_done, read, recipes, weekly
from rich.progress import track
from scipy.stats import gmean
from side_by_side import keep

from viewcast.forecast.history import History
from viewcast.forecast.short_history import serving

LENGTHS = (7, 14, 29, 40, 60, 120, 180)
OWN = ("pooled", "rhythm", "theta", "ridge", "boosted", "mean7", "seasonal_naive")
FOUR = ("theta", "ridge", "boosted", "rhythm")
YOUNG = (7, 14)  # days known
YOUNG_METHODS = ("pooled", "rhythm", "mean7", "seasonal_naive")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--keep", type=Path, default=Path("build/forecasts"))
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    series = {name: views for name, views in long_series(arguments.data).items() if name in FIVE}
    work = [Work(name, method, days) for method in OWN for days in LENGTHS for name in FIVE]
    all_done(work, series, arguments.keep, arguments.processes)
    rows = [truncated(days, series, arguments.keep) for days in LENGTHS]
    keep("short_histories", rows, "MASE of five real series of which few days are known")
    keep("young_channels", young(arguments.data), "7 days ahead, channels of a public counter")


def truncated(days: int, series: dict[str, pd.Series], folder: Path) -> dict[str, Any]:
    """One line of the first table."""
    found = {
        method: {name: read(Work(name, method, days), folder) for name in FIVE} for method in OWN
    }
    members = serving(days, FOUR, OWN).members
    mixtures = {
        "served": members,
        "pooled + rhythm + theta": ("pooled", "rhythm", "theta"),
        "the four": FOUR,
    }
    for mixture, parts in mixtures.items():
        found[mixture] = {name: _mean([found[part][name] for part in parts]) for name in FIVE}
    losses = {
        method: [_mase(series[name], own[name]) for name in FIVE] for method, own in found.items()
    }
    naive = [_mase(series[name], _naive(series[name])) for name in FIVE]
    return {
        "days": days,
        "rule": "+".join(members),
        **{name: float(gmean(losses[name])) for name in (*mixtures, *OWN)},
        "naive": float(gmean(naive)),
        "worst to naive": float(np.max(np.divide(losses["served"], naive))),
    }


def young(data: Path) -> list[dict[str, Any]]:
    """The second table."""
    known = recipes()
    rows = []
    for days in YOUNG:
        channels = young_series(data, days + HORIZON)
        errors: dict[str, list[float]] = {method: [] for method in (*YOUNG_METHODS, "naive")}
        for views in track(channels.values(), f"{days} days"):
            history, truth = History.of(views.iloc[:days]), views.to_numpy()[days:]
            for method in YOUNG_METHODS:
                log = known[method].fit(history, HORIZON).forecast(history)
                errors[method].append(np.abs(np.expm1(log) - truth).mean())
            errors["naive"].append(np.abs(views.iloc[days - 1] - truth).mean())
        moves = np.array(errors["naive"]) > 0
        for method in YOUNG_METHODS:
            ratio = np.array(errors[method])[moves] / np.array(errors["naive"])[moves]
            log = np.log(np.maximum(ratio, 1e-3))
            rows.append(
                {
                    "days": days,
                    "channels": int(moves.sum()),
                    "method": method,
                    "to naive": float(np.exp(log.mean())),
                    "error of log": float(log.std(ddof=1) / np.sqrt(len(log))),
                    "better %": float(100 * np.mean(log < 0)),
                    "worst": float(ratio.max()),
                }
            )
    return rows


def _mean(parts: list[Forecasts]) -> Forecasts:
    middle = np.mean([part.middle for part in parts], axis=0)
    nothing = np.full_like(middle, np.nan)
    return Forecasts(parts[0].origins, middle, nothing, nothing, 0.0)


def _naive(daily: pd.Series) -> Forecasts:
    origins = weekly(len(daily))
    middle = np.log1p(daily.to_numpy(float))[origins - 1][:, None] * np.ones(HORIZON)
    nothing = np.full_like(middle, np.nan)
    return Forecasts(origins, middle, nothing, nothing, 0.0)


def _mase(daily: pd.Series, found: Forecasts) -> float:
    views = daily.to_numpy(np.float64)
    return scores(views, found, scale(views, found.origins[0]))["MASE"]


if __name__ == "__main__":
    main()
