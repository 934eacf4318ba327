"""The bound of the winner's loss and the confidence set, on simulated studies of many kinds.

    python benchmarks/calibration/simulated_studies.py --minutes 25

A kind of study is a number of candidates and of rows, a dependence of rows, a kind of loss, how far
the true losses of candidates differ, and how much of their errors they share. Every kind is given
the same number of studies, as many as the time allows.

``covers %``: in what part of the studies the winner's true loss lies below its 95 % upper bound;
``before``: the same of the 95 % quantile of held-out means, the bound until version 0.2.
``excess / before``: mean distance of the bound from the truth, by that of the quantile. ``set holds
%``: in what part the truly best candidate is in the confidence set; of equally good ones the first
is taken, so that it is given before the losses are seen. ``refused %``: no bound was given.
"""

import argparse
import itertools
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from scipy.signal import lfilter
from scipy.stats import norm, t

sys.path.insert(0, str(Path(__file__).parents[1]))
from side_by_side import keep

from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.confidence_set import confidence_set
from viewcast.selection.dependence import dependence_length
from viewcast.selection.resampling import resample
from viewcast.selection.sample_size import sample_size
from viewcast.selection.selection_corrected import ranked, selection_corrected
from viewcast.selection.upper_bound import upper_bounds

DRAWS = 200
IN_SET = 500  # draws of the confidence set
PAIRS = 600  # candidates, beyond which the confidence set is not computed here
BURN_IN = 100  # rows before the first
LEVEL = 5.0  # of losses that are not squares or errors
WEEK = 7
CARRY = {"independent": 0.0, "AR(0.3)": 0.3, "AR(0.6)": 0.6, "weekly": 0.3}
RHYTHM = 1 + 0.5 * np.cos(2 * np.pi * np.arange(WEEK) / WEEK)  # of losses, by weekday, mean 1
ERROR_RATE = 0.3
SPREAD, LEAD = 2.0, 3.0  # of true losses, in standard errors of a difference of two candidates

Losses = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """One kind of study. ``shared``: correlation of the errors of two candidates."""

    candidates: int
    rows: int
    dependence: str
    loss: str
    truth: str
    shared: float

    @property
    def least(self) -> float:
        """Dependence length that is assumed at the least, as for days."""
        return float(WEEK) if self.dependence == "weekly" else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--kinds", type=int, default=81)
    parser.add_argument("--at-once", type=int, default=5, help="studies of a kind in a row")
    parser.add_argument("--seed", type=int, default=2021)
    arguments = parser.parse_args()
    chosen = kinds(arguments.kinds, arguments.seed)
    found: dict[Kind, list[dict[str, float]]] = {kind: [] for kind in chosen}
    end = time.monotonic() + 60 * arguments.minutes
    with Progress() as progress:
        task = progress.add_task("minutes", total=arguments.minutes)
        for turn in itertools.count():
            for number, kind in enumerate(chosen):
                for study in range(arguments.at_once):
                    rng = np.random.default_rng([arguments.seed, number, turn, study])
                    found[kind].append(judged(kind, rng, turn * arguments.at_once + study))
            left = (end - time.monotonic()) / 60
            progress.update(task, completed=arguments.minutes - left)
            if left <= 0:
                break
    rows = [row(kind, own) for kind, own in found.items()]
    keep(
        "calibration_kinds", rows, f"{len(rows)} kinds of studies, {len(found[chosen[0]])} of each"
    )
    keep("calibration_bound", summary(rows), "the same, by what a kind has; mean over kinds")


def kinds(count: int, seed: int) -> list[Kind]:
    """So many kinds, drawn evenly from the possible ones."""
    every = [
        Kind(*values)
        for values in itertools.product(
            (20, 200, 1000),
            (100, 366, 1000),
            CARRY,
            ("normal", "t3", "squared", "0-1"),
            ("equal", "spread", "one best"),
            (0.0, 0.9, 0.99),
        )
    ]
    possible = [kind for kind in every if kind.rows > 100 or kind.dependence != "weekly"]
    order = np.random.default_rng(seed).permutation(len(possible))
    return [possible[i] for i in sorted(order[:count])]


def simulated(kind: Kind, rng: np.random.Generator) -> tuple[Losses, Losses]:
    """Losses (K, M) of one study, and their true means (K,)."""
    common = autoregressive(kind, rng, 1)
    own = autoregressive(kind, rng, kind.candidates)
    errors = np.sqrt(kind.shared) * common + np.sqrt(1 - kind.shared) * own
    apart = np.sqrt((1 - kind.shared) / kind.rows)
    worse = np.zeros(kind.candidates)
    if kind.truth == "spread":
        worse = SPREAD * apart * rng.standard_normal(kind.candidates)
    elif kind.truth == "one best":
        worse[0] = -LEAD * apart
    weekday = np.arange(kind.rows) % WEEK
    rhythm = RHYTHM[weekday] if kind.dependence == "weekly" else np.ones(kind.rows)
    if kind.loss == "squared":
        truth = np.maximum(1 + np.sqrt(2) * worse, 0.1)
        return truth[:, np.newaxis] * rhythm * errors**2, truth
    if kind.loss == "0-1":
        truth = np.clip(ERROR_RATE + np.sqrt(ERROR_RATE * (1 - ERROR_RATE)) * worse, 0.05, 0.6)
        limits = norm.isf(truth[:, np.newaxis] * rhythm)
        return (errors > limits).astype(np.float64), truth
    if kind.loss == "t3":
        errors = t.ppf(norm.cdf(errors), 3) / np.sqrt(3)
    truth = LEVEL + worse
    return truth[:, np.newaxis] + 2 * (rhythm - 1) + errors, truth


def autoregressive(kind: Kind, rng: np.random.Generator, series: int) -> Losses:
    """Standard normal series (series, M) that carry over from the row before."""
    carry = CARRY[kind.dependence]
    noise = rng.standard_normal((series, kind.rows + BURN_IN)) * np.sqrt(1 - carry**2)
    if carry:
        noise = lfilter([1.0], [1.0, -carry], noise, axis=1)
    return np.asarray(noise[:, BURN_IN:])


def judged(kind: Kind, rng: np.random.Generator, study: int) -> dict[str, float]:
    """What one study promises and what is true of it."""
    losses, truth = simulated(kind, rng)
    candidates = Candidates.of(list(losses[:, np.newaxis]))
    length = dependence_length(candidates.losses, kind.least)
    draws = draw(kind.rows, length, DRAWS, study)
    resampled = resample(candidates, draws)
    corrected = selection_corrected(candidates, resampled)
    bound = upper_bounds(candidates, draws, resampled, corrected.expected, length, ranks=1)
    true = float(truth[corrected.order[0]])
    quantile = float(np.quantile(ranked(resampled)[:, 0], 0.95))
    refused = sample_size(kind.rows, length).refusal is not None or bound.refusal is not None
    best = 0 if kind.truth == "equal" else int(truth.argmin())
    inside, size = np.nan, np.nan
    if kind.candidates <= PAIRS and not refused:
        kept = confidence_set(candidates.losses, length, IN_SET, study)
        inside, size = float(kept[best]), float(kept.mean())
    return {
        "refused": float(refused),
        "bias": float(corrected.expected[0]) - true,
        "optimism": true - float(corrected.shown[0]),
        "covers": np.nan if refused else float(bound.values[0] >= true),
        "before": np.nan if refused else float(quantile >= true),
        "excess": np.nan if refused else bound.values[0] - true,
        "excess before": np.nan if refused else quantile - true,
        "inside": inside,
        "size": size,
    }


def row(kind: Kind, studies: list[dict[str, float]]) -> dict[str, Any]:
    """The figures of one kind."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means = {name: _mean([own[name] for own in studies]) for name in studies[0]}
    return {
        **{field.name: getattr(kind, field.name) for field in fields(kind)},
        "studies": len(studies),
        "bias %": 100 * means["bias"] / means["optimism"],
        "covers %": 100 * means["covers"],
        "before %": 100 * means["before"],
        "excess / before": means["excess"] / means["excess before"],
        "set holds %": 100 * means["inside"],
        "set, % of all": 100 * means["size"],
        "refused %": 100 * means["refused"],
    }


FEW_GIVEN = 50.0  # percent of the studies refused, beyond which a kind is not counted


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the kinds that have something in common, and the lowest of them."""
    given = [own for own in rows if own["refused %"] < FEW_GIVEN]
    groups = [("all", "", given)] + [
        (field.name, str(value), [own for own in given if own[field.name] == value])
        for field in fields(Kind)
        for value in dict.fromkeys(own[field.name] for own in given)
    ]
    return [
        {
            "by": name,
            "value": value,
            "kinds": len(own),
            "covers %": _mean([kind["covers %"] for kind in own]),
            "lowest %": min(kind["covers %"] for kind in own),
            "before %": _mean([kind["before %"] for kind in own]),
            "excess / before": _mean([kind["excess / before"] for kind in own]),
            "set holds %": _mean([kind["set holds %"] for kind in own]),
            "lowest set %": min(
                (kind["set holds %"] for kind in own if np.isfinite(kind["set holds %"])),
                default=np.nan,
            ),
        }
        for name, value, own in groups
    ]


def _mean(values: list[float]) -> float:
    """Mean of those that are known, NaN of none."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


if __name__ == "__main__":
    main()
