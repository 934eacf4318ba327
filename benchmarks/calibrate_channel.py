"""Finds the simulated channel that forecasts as badly as the real one, and the seed to show.

    python benchmarks/calibrate_channel.py --candidates 4000 --seeds 3000

First a search over parameters: uniform draws from ``RANGES``, then draws ever closer to the best.
A candidate is judged by the mean table of many simulations, so that no parameter serves one lucky
noise.
Then a search over seeds: whose single realised history is nearest to the published table?
"""

import argparse
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from viewcast.data.simulator import ChannelSimulator

LAGS = (1, 7, 28, 56)
# Hung-yi Lee, Machine Learning 2021, lecture 1: mean absolute error of linear models in thousand
# views, by number of lags; training on 2017-2020, validation on 2021-01-01 to 2021-02-14.
PUBLISHED = np.array([[0.48, 0.38, 0.33, 0.32], [0.58, 0.49, 0.46, 0.46]])
TRAINING_DAYS, VALIDATION_DAYS = 1461, 45
START, END = "2017-01-01", "2021-02-14"

# What is known of a teaching channel without a search: more questions early in the week, two terms.
EARLY_WEEK = (1.06, 1.08, 1.06, 1.03)
TERMS = [["09-15", "01-15"], ["02-15", "06-15"]]
# Where the table alone says little (term, holidays, the bend of the memory) the ranges stay narrow
# around plausible values instead of leaving the choice to chance.
RANGES = {
    "level": (3600.0, 4600.0),
    "growth": (0.03, 0.10),
    "friday": (0.75, 0.95),
    "saturday": (0.65, 0.90),
    "sunday": (0.85, 1.05),
    "term_lift": (0.08, 0.20),
    "term_ramp": (3.0, 8.0),
    "holiday_dip": (0.05, 0.15),
    "eve_dip": (0.60, 1.00),
    "eve_width": (1.5, 4.5),
    "noise": (0.07, 0.12),
    "tail": (3.0, 5.0),
    "memory_high": (0.0, 0.10),
    "memory_low": (0.60, 0.80),
}
LOW = np.array([low for low, _ in RANGES.values()])
HIGH = np.array([high for _, high in RANGES.values()])


def fields(point: npt.NDArray[np.float64]) -> dict[str, Any]:
    """The simulator's fields at a point of the search, rounded as they will be written down."""
    values: dict[str, Any] = {
        name: round(float(value), 0 if name == "level" else 3)
        for name, value in zip(RANGES, point, strict=True)
    }
    weekend = [values.pop(day) for day in ("friday", "saturday", "sunday")]
    return {**values, "weekday": [*EARLY_WEEK, *weekend], "terms": TERMS}


def table(views: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Mean absolute error, shape (2, len(LAGS)): training and validation, thousand views."""
    windows = np.lib.stride_tricks.sliding_window_view(views / 1000, max(LAGS) + 1)
    y, nearest_first = windows[:, -1], windows[:, -2::-1]
    train = TRAINING_DAYS - max(LAGS)
    errors = np.empty(PUBLISHED.shape)
    for column, lags in enumerate(LAGS):
        X = np.c_[np.ones(len(y)), nearest_first[:, :lags]]
        # Normal equations: ten times faster than lstsq, and these columns are well conditioned.
        weights = np.linalg.solve(X[:train].T @ X[:train], X[:train].T @ y[:train])
        missed = np.abs(y - X @ weights)
        errors[:, column] = missed[:train].mean(), missed[train:].mean()
    return errors


def mean_table(simulator: ChannelSimulator, simulations: int) -> npt.NDArray[np.float64]:
    """The table averaged over simulations that share nothing but their first day."""
    days = TRAINING_DAYS + VALIDATION_DAYS - 1
    first = simulator.history(START, seed=0).to_numpy()
    rest = simulator.simulations(START, days, simulations, seed=0, future_seed=0)
    tables = np.stack([table(np.concatenate([first, world])) for world in rest])
    mean: npt.NDArray[np.float64] = tables.mean(axis=0)
    return mean


def distance(errors: npt.NDArray[np.float64]) -> float:
    """Largest relative deviation from the published table."""
    return float(np.abs(errors / PUBLISHED - 1).max())


def progress(step: int, steps: int, best: float) -> None:
    print(f"\r{step + 1:6d} of {steps}, best {best:.2%}", end="", file=sys.stderr, flush=True)


def search_parameters(candidates: int, simulations: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    best, point = np.inf, rng.uniform(LOW, HIGH)
    for step in range(candidates):
        candidate = rng.uniform(LOW, HIGH)
        if step > candidates // 4:
            stride = (1 - step / candidates) * (rng.random(len(LOW)) < 0.25)
            candidate = point + stride * (candidate - point)
        found = distance(mean_table(ChannelSimulator(**fields(candidate)), simulations))
        if found < best:
            best, point = found, candidate
        progress(step, candidates, best)
    print(file=sys.stderr)
    return fields(point)


def search_seeds(simulator: ChannelSimulator, seeds: int) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    for seed in range(seeds):
        found.append((distance(table(simulator.history(END, seed).to_numpy())), seed))
        progress(seed, seeds, min(found)[0])
    print(file=sys.stderr)
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=4000, help="parameter sets to try")
    parser.add_argument("--simulations", type=int, default=16, help="simulations per parameter set")
    parser.add_argument("--seeds", type=int, default=3000, help="seeds to try at the best set")
    parser.add_argument("--seed", type=int, default=2021, help="seed of the search itself")
    arguments = parser.parse_args()

    best = search_parameters(arguments.candidates, arguments.simulations, arguments.seed)
    simulator = ChannelSimulator(**best)
    nearest = search_seeds(simulator, arguments.seeds)
    np.set_printoptions(precision=3, suppress=True)
    print(f"lags {LAGS}; rows: training, validation; thousand views")
    print("published\n", PUBLISHED)
    print("mean of 200 simulations\n", mean_table(simulator, 200))
    for deviation, seed in nearest[:10]:
        views = simulator.history(END, seed).to_numpy()
        print(f"seed {seed}: within {deviation:.1%}, views {views.min()} to {views.max()}")
        print(table(views))
    chosen = {**best, "start": START, "seed": nearest[0][1]}
    print(yaml.safe_dump({"simulator": chosen}, sort_keys=False, default_flow_style=None))


if __name__ == "__main__":
    main()
