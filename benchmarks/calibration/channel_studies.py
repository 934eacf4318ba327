"""How well the correction for the choice works: studies on the simulated channel, truth known.

    python benchmarks/calibration/channel_studies.py --studies 500

Each study draws a fresh simulation of validation days and some candidates from the pool, takes the
winner, and compares what each reading promises with the winner's true loss, the mean over many
other simulations of the same days. ``real`` candidates differ as trained models do. For ``equal``
ones each candidate's losses of each day are shifted to the same truth, so that all that the
winner gains is luck. ``seasonal`` ones are shifted to the same truth over all days: each has
seasons in which it is better than the others, and the same seasons come again in every simulation,
which no method that sees one year can know.

``bias`` is the mean of expected - true, in percent of the naive optimism (true - shown): 0 is
right, -100 what the shown score itself has. ``in s.e.``: the same in standard errors of a mean
loss over these days (how much shown scores of one model vary from world to world). ``covers``: in
what part of the studies the truth lies below the 95 % upper bound. ``refused``: bounds not given.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pool import Pool, train
from readings import best_run, fair_75, gaussian, k_fold
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parents[1]))
from side_by_side import keep

from viewcast.selection.sample_size import sample_size

DAYS = (50, 100, 200, 366, 1000)
COUNTS = (20, 200, 2000)
KINDS = ("equal", "seasonal", "real")
MAIN = (366, 200)  # one year, two hundred candidates: the study of the pipeline
TRUE_WORLDS = 300
DRAWS = 400
LEAST = 7.0  # days, as the channel's own configuration has it
READINGS = ("shown", "k-fold", "gaussian", "fair-75")


@dataclass(frozen=True)
class Cell:
    """What one study promised, by reading (expected and upper bound), and what came true.

    ``luck``: by how much this world's days were harder than others for all candidates alike. It is
    0 on average, so means without it estimate the same with fewer studies.
    """

    shown: float
    true: float
    luck: float
    promised: dict[str, tuple[float, float]]
    refused: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=500, help="of the main cell")
    parser.add_argument("--others", type=int, default=200, help="of every other cell; 0: none")
    parser.add_argument("--seed", type=int, default=2021)
    arguments = parser.parse_args()
    pool = train(max(COUNTS), arguments.seed)
    longest = max(DAYS) if arguments.others else MAIN[0]
    truth, spread = true_losses(pool, longest, arguments.seed)
    cells: dict[tuple[int, int, str], list[Cell]] = {}
    simulations = pool.losses(arguments.studies, longest, arguments.seed + 1)
    for study, losses in enumerate(track(simulations, "studies", arguments.studies)):
        for days, count, kind in product(DAYS, COUNTS, KINDS):
            if study < arguments.others or (days, count) == MAIN:
                cell = study_cell(losses[:, :days], truth[:, :days], count, kind, study)
                cells.setdefault((days, count, kind), []).append(cell)
    keep(
        "calibration_channel",
        [row for key, own in cells.items() for row in table(key, own, spread[key[0]])],
        f"{arguments.studies} studies of the main cell ({MAIN[0]} days, {MAIN[1]} candidates), "
        f"{arguments.others} of the others; bias in percent of the naive optimism",
    )


def true_losses(pool: Pool, longest: int, seed: int) -> tuple[NDArray[Any], dict[int, float]]:
    """Mean loss (K, D) of each candidate on each of the ``longest`` days over many simulations, and
    a spread.

    The spread, by number of days: standard deviation from simulation to simulation of one
    candidate's mean loss (median over candidates).
    """
    total = np.zeros((pool.count, longest))
    means: dict[int, list[NDArray[Any]]] = {days: [] for days in DAYS}
    for losses in track(pool.losses(TRUE_WORLDS, longest, seed + 2), "truth", TRUE_WORLDS):
        total += losses
        for days in DAYS:
            means[days].append(losses[:, :days].mean(1))
    spread = {
        days: float(np.median(np.std(simulations, axis=0))) for days, simulations in means.items()
    }
    return total / TRUE_WORLDS, spread


def study_cell(
    losses: NDArray[Any], truth: NDArray[Any], count: int, kind: str, study: int
) -> Cell:
    """One study: some candidates, one world (K, M), every reading; ``truth`` (K, M) by day."""
    chosen = np.random.default_rng([study, count]).permutation(len(losses))[:count]
    losses, truth = losses[chosen].astype(np.float64), truth[chosen]
    if kind == "equal":
        losses, truth = losses - truth + truth.mean(0), np.tile(truth.mean(0), (count, 1))
    if kind == "seasonal":
        shift = truth.mean() - truth.mean(1, keepdims=True)
        losses, truth = losses + shift, truth + shift
    winner = losses.mean(1).argmin()
    corrected, length = fair_75(losses, LEAST, DRAWS, study)
    readings = {
        "shown": best_run(losses),
        "k-fold": k_fold(losses),
        "gaussian": gaussian(losses),
        "fair-75": corrected,
    }
    promised = {name: (own.expected, own.upper95) for name, own in readings.items()}
    refused = sample_size(losses.shape[1], length).refusal is not None
    luck = float(losses.mean() - truth.mean())
    return Cell(float(losses[winner].mean()), float(truth[winner].mean()), luck, promised, refused)


def table(key: tuple[int, int, str], cells: list[Cell], spread: float) -> Iterator[dict[str, Any]]:
    """One row per reading."""
    days, count, kind = key
    names = ("shown", "true", "luck")
    shown, true, luck = (np.array([getattr(cell, name) for cell in cells]) for name in names)
    optimism = float((true + luck - shown).mean())
    for name in READINGS:
        expected, upper = np.array([cell.promised[name] for cell in cells]).T
        off = expected - true - luck
        covered = upper >= true
        yield {
            "days": days,
            "candidates": count,
            "kind": kind,
            "reading": name,
            "studies": len(cells),
            "optimism": optimism,
            "bias %": 100 * float(off.mean()) / optimism,
            "± %": 100 * float(off.std()) / math.sqrt(len(cells)) / optimism,
            "bias in s.e.": float(off.mean()) / spread,
            "covers %": 100 * float(covered.mean()),
            "refused %": 100 * float(np.mean([cell.refused for cell in cells])),
        }


if __name__ == "__main__":
    main()
