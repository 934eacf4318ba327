"""A calm simulated channel: what a refit each night costs against a settled forecast, and against
the best forecast that there is.

    python benchmarks/bench_simulated_forecast.py --seeds 40

The channel of ``conf/simulator.yaml`` after 800 days or more. Its true loss is known: the mean
absolute error of the next 7 days over 400 continuations of the same past. ``x settled``: the loss
divided by that of the same recipe fitted on two years of another channel with the same habits.
``x truth``: by that of the median of the continuations, which no forecast beats. ``x naive``: by
that of the better of naive and seasonal naive. Geometric means over seeds; ``error``: standard
error of the logarithm of ``x settled``.
"""

import argparse
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from forecast_work import HORIZON, recipes
from numpy.typing import NDArray
from rich.progress import track
from scipy.stats import gmean
from side_by_side import keep

from viewcast.base.cli import compose
from viewcast.base.settings import construct
from viewcast.data.simulator import ChannelSimulator
from viewcast.forecast.history import History

ROOT = Path(__file__).parents[1]
FOUR = ("theta", "ridge", "boosted", "rhythm")
FIRST = pd.Timestamp("2019-03-27")
YEARS = timedelta(days=730)
CONTINUATIONS = 400
Losses = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=40)
    arguments = parser.parse_args()
    found = [lived(seed) for seed in track(range(arguments.seeds), "channels")]
    rows = [row(name, found) for name in ("combination", *FOUR)]
    keep("forecast_simulated", rows, f"{arguments.seeds} channels, 7 days ahead")


def lived(seed: int) -> tuple[dict[str, Losses], Losses]:
    """Losses of one channel: ``nightly`` and ``settled`` by recipe, and those of yardsticks."""
    plain = compose(ROOT, [], "simulator")["simulator"]
    simulator = construct(ChannelSimulator, plain, "simulator")
    end = FIRST + pd.Timedelta(days=17 * seed)
    views = simulator.history(f"{end:%Y-%m-%d}", seed).astype(float)
    other = simulator.history(f"{end:%Y-%m-%d}", 1000 + seed).astype(float)
    ahead = simulator.simulations(f"{end:%Y-%m-%d}", HORIZON, CONTINUATIONS, seed, 1)
    history, taught = History.of(views), History.of(other[end - YEARS :])
    known = recipes()
    logs: dict[str, dict[str, NDArray[np.float64]]] = {}
    for kind, days in (("nightly", history), ("settled", taught)):
        own = {name: known[name].fit(days, HORIZON).forecast(history) for name in FOUR}
        logs[kind] = {"combination": np.mean(list(own.values()), axis=0), **own}
    losses = {
        kind: {name: float(np.abs(np.expm1(log) - ahead).mean()) for name, log in of.items()}
        for kind, of in logs.items()
    }
    week = views.to_numpy()[-HORIZON:]
    naive = min(float(np.abs(each - ahead).mean()) for each in (week, week[-1]))
    truth = float(np.abs(np.median(ahead, axis=0) - ahead).mean())
    return losses, {"naive": naive, "truth": truth}


def row(name: str, found: list[tuple[dict[str, Losses], Losses]]) -> dict[str, Any]:
    """A line of the table."""
    settled = np.log([of["nightly"][name] / of["settled"][name] for of, _ in found])
    return {
        "recipe": name,
        "x settled": float(np.exp(settled.mean())),
        "error": float(settled.std(ddof=1) / np.sqrt(len(settled))),
        **{
            f"x {other}": float(gmean([of["nightly"][name] / by[other] for of, by in found]))
            for other in ("truth", "naive")
        },
    }


if __name__ == "__main__":
    main()
