"""Forecasts of real channels and videos, side by side with other people's libraries.

    python benchmarks/bench_forecast.py --data ../shared/data

A walk-forward over the last 26 weekly origins of each series, 7 days ahead; every method is fitted
anew at every origin, on the days before it. A run that was stopped goes on: forecasts are kept in
``build/forecasts`` and made once; remove it after a change of code.

``MASE``: mean absolute error divided by that of the seasonal naive forecast on the days before the
26 weeks, among the newest 1,600. ``MASE of five``: geometric mean over the five series of the
table; ``of nine``: with four more music videos, where a method is quick. ``to best naive``: the
largest ratio, over the five, of the error to that of the best of naive, seasonal naive and mean of
7. ``covered %`` and ``interval score`` (in the unit of MASE; less is better): of intervals of 90 %,
means over the five; ``error %``: standard error of the coverage. ``CPU s``: median seconds of a fit
and a forecast, mean over the five; the pooled ridge is fitted once in a process, in 0.1 s, which is
not counted.

Intervals of recipes are those of a night: conformal, from the forecasts of the nights before, with
a half-life of 60 nights. Peers have their own.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from forecast_intervals import mean_of_logs, with_intervals
from forecast_peers import peers
from forecast_scores import Forecasts, scale, scores
from forecast_series import FIVE, long_series
from forecast_work import Work, all_done, read, recipes, weekly
from scipy.stats import gmean
from side_by_side import keep

FOUR = ("theta", "ridge", "boosted", "rhythm")
NAIVE = ("Naive", "seasonal_naive", "mean7")
SLOW = ("AutoARIMA", "Prophet", "LightGBM (mlforecast)")  # on the five series alone
COMBINATION = "combination"
MIXED = {
    COMBINATION: FOUR,
    "without boosted": ("theta", "ridge", "rhythm"),
    "with deep": (*FOUR, "deep"),
    "with pooled": (*FOUR, "pooled"),
}
Scores = dict[str, dict[str, float]]  # by series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--keep", type=Path, default=Path("build/forecasts"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], help="methods to leave out")
    arguments = parser.parse_args()
    series = long_series(arguments.data)
    others, missing = peers()
    for name in missing:
        print(f"{name} is not installed and left out; pip install {name}")
    methods = [name for name in (*recipes(), *others) if name not in arguments.without]
    quick = [name for name in methods if name not in SLOW]
    more = [name for name in series if name not in FIVE]
    work = [Work(name, method) for method in methods for name in FIVE]
    work += [Work(name, method) for method in quick for name in more]
    all_done(work, series, arguments.keep, arguments.processes)
    found: dict[str, dict[str, Forecasts]] = {method: {} for method in methods}
    for each in work:
        found[each.method][each.series] = read(each, arguments.keep)
    for mixture, members in MIXED.items():
        if all(member in found for member in members):
            found[mixture] = {
                name: mean_of_logs([found[member][name] for member in members]) for name in series
            }
    first = [name for name in MIXED if name in found]
    table = {name: scored(series, found[name]) for name in [*first, *methods]}
    rows = [row(name, table, found[name]) for name in table]
    keep("forecast", rows, f"{len(series)} real series, 26 weekly origins, 7 days ahead")


def scored(series: dict[str, pd.Series], found: dict[str, Forecasts]) -> Scores:
    """The scores of one method on each series."""
    each = {}
    for name, kept in found.items():
        views = series[name].to_numpy(np.float64)
        origins = weekly(len(views))
        forecasts = with_intervals(views, kept, origins)
        each[name] = scores(views, forecasts, scale(views, origins[0]))
    return each


def row(method: str, table: dict[str, Scores], found: dict[str, Forecasts]) -> dict[str, Any]:
    """A line of the table."""
    own, yardsticks = table[method], [table[name] for name in NAIVE if name in table]
    naive = {name: min(of[name]["MASE"] for of in yardsticks) for name in FIVE}
    return {
        "method": method,
        **{name: own[name]["MASE"] for name in FIVE},
        "MASE of five": over(gmean, own, "MASE", FIVE),
        "of nine": over(gmean, own, "MASE", list(own)) if len(own) > len(FIVE) else np.nan,
        "to best naive": max(own[name]["MASE"] / naive[name] for name in FIVE),
        "sMAPE %": over(np.mean, own, "sMAPE", FIVE),
        "covered %": over(np.mean, own, "coverage", FIVE),
        "error %": float(
            np.linalg.norm([own[name]["coverage error"] for name in FIVE]) / len(FIVE)
        ),
        "least covered %": over(np.min, own, "coverage", FIVE),
        "interval score": over(np.mean, own, "interval score", FIVE),
        "CPU s": float(np.mean([found[name].cpu for name in FIVE])),
    }


def over(
    mean: Callable[[list[float]], Any], own: Scores, score: str, names: Sequence[str]
) -> float:
    return float(mean([own[name][score] for name in names]))


if __name__ == "__main__":
    main()
