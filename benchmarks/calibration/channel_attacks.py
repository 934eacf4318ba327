"""What a hidden holdout is worth against an attack on the leaderboard, on fresh simulations.

    python benchmarks/calibration/channel_attacks.py --attacks 300

Each attack climbs on the shown validation days of its own simulation, with 200 submissions; a
quarter of the days in use is its hidden holdout. ``bias``: mean of expected - true, in percent of
the naive optimism (true - shown), with the luck common to all models of a simulation removed.
``alarm``: in what part of the attacks it rang. ``honest look``: the same for one honest comparison,
of two models of the pool.
"""

import argparse
import math
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pool import Pool, train
from readings import fair_75
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parents[1]))
from side_by_side import keep

from viewcast.demo.leaderboard import Attack, Climb, climb, submissions
from viewcast.holdout.settings import divide
from viewcast.selection.hidden_holdout import hidden_gain

SHARE = 0.25
# Shown days, and days that belong together: 7 as the channel's configuration has it. With fewer
# than eight blocks of hidden days there is no alarm; 100 shown days are taken as single ones.
SHOWN = ((100, 1), (200, 7), (366, 7), (1000, 7))
STEPS = (0.5, 1.0, 2.0)  # size of a step in standard errors of the shown score
SUBMISSIONS = 200
TRUE_WORLDS = 30
DRAWS = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2021)
    arguments = parser.parse_args()
    pool = train(20, arguments.seed)
    sizes = [(*shown, step) for shown in SHOWN for step in STEPS]
    rows = [row(pool, *size, arguments.attacks, arguments.seed) for size in sizes]
    note = f"{arguments.attacks} attacks of {SUBMISSIONS} submissions each; bias in percent"
    keep("calibration_attack", rows, note)


def row(pool: Pool, shown: int, block: int, step: float, attacks: int, seed: int) -> dict[str, Any]:
    """All attacks on so many shown days with steps of this size."""
    part = divided(shown, block)
    fresh = np.array(list(pool.residuals(TRUE_WORLDS, len(part), seed + 2)), dtype=np.float64)
    simulations = pool.residuals(attacks, len(part), seed + 1)
    label = f"{shown} days, steps of {step:g} s.e."
    worlds = [
        World(part, block, residuals.astype(np.float64), fresh, step, number)
        for number, residuals in enumerate(track(simulations, label, attacks))
    ]
    table = pd.DataFrame([world.attacked() for world in worlds])
    optimism = float((table["true"] + table["luck"] - table["shown"]).mean())
    off = {
        name: table[name] - table["true"] - table["luck"] for name in ("shown", "fair-75", "hidden")
    }
    return {
        "shown days": int((part == "validation").sum()),
        "block": block,
        "hidden days": int((part == "hidden").sum()),
        "step (s.e.)": step,
        "start": float(table["start"].mean()),
        "shown": float(table["shown"].mean()),
        "true": float(table["true"].mean()),
        **{f"{name} bias %": 100 * float(off[name].mean()) / optimism for name in off},
        "± %": 100 * float(off["hidden"].std()) / math.sqrt(attacks) / optimism,
        "alarm %": 100 * float(table["alarm"].mean()),
        "honest look %": 100 * float(np.mean([world.honest() for world in worlds])),
    }


def divided(shown: int, block: int) -> NDArray[Any]:
    """Days (D,) as validation, hidden or unused, of which ``shown`` or a few more are shown."""
    days = max(shown, 140)  # fewer rows have no room for a hidden holdout
    while True:
        rows = pd.DataFrame({"entity": "channel", "time": range(days)})
        part = divide(rows, SHARE, block).to_numpy()
        if (part == "validation").sum() >= shown:
            return np.asarray(part)
        days += 1


@dataclass(frozen=True)
class World:
    """One simulation: residuals (K, D) of the pool's models, and those of fresh ones (W, K, D)."""

    part: NDArray[Any]
    block: int
    residuals: NDArray[np.float64]
    fresh: NDArray[np.float64]
    step: float
    number: int

    def attacked(self) -> dict[str, float]:
        """An attack that starts from the first model: shown, expected by reading, true."""
        shown, hidden = self.part == "validation", self.part == "hidden"
        base = self.residuals[0]
        size = self.step * float(np.abs(base[shown]).std()) / math.sqrt(shown.sum())
        attack = Attack(SUBMISSIONS, size, self.number)
        days = pd.Series([f"day {day}" for day in range(len(base))])
        climbed = climb(lambda own: float(np.abs(own).mean()), base[shown], days[shown], attack)
        losses = np.abs(np.array(list(submissions(base, days, attack, climbed.kept))))
        incumbents = np.maximum.accumulate(np.where(climbed.kept, np.arange(SUBMISSIONS), 0))
        best = losses[incumbents]
        gain = hidden_gain(best[:, shown], best[:, hidden], self.block)
        return {
            "start": float(losses[0, shown].mean()),
            "shown": float(best[-1, shown].mean()),
            "true": self._true(attack, climbed, int(incumbents[-1])),
            "fair-75": fair_75(losses[:, shown], self.block, DRAWS, 0)[0].expected,
            "hidden": gain.estimate,
            "alarm": float(gain.alarm),
            "luck": float(np.abs(base[shown | hidden]).mean() - self._fresh().mean()),
        }

    def honest(self) -> bool:
        """Whether the alarm rings for one honest look: a second model, kept if it shows less."""
        shown, hidden = self.part == "validation", self.part == "hidden"
        first, second = np.abs(self.residuals[[1, -1]])
        kept = second if second[shown].mean() < first[shown].mean() else first
        both = np.array([first, kept])
        return hidden_gain(both[:, shown], both[:, hidden], self.block).alarm

    def _fresh(self) -> NDArray[np.float64]:
        """Losses (W, rows in use) of the first model in fresh simulations."""
        return np.abs(self.fresh[:, 0][:, self.part != "unused"])

    def _true(self, attack: Attack, climbed: Climb, last: int) -> float:
        base = self.fresh[:, 0][:, self.part != "unused"].ravel()
        rows = pd.Series([f"attack {self.number}, fresh {row}" for row in range(len(base))])
        every = submissions(base, rows, attack, climbed.kept)
        return float(np.abs(next(islice(every, last, None))).mean())


if __name__ == "__main__":
    main()
