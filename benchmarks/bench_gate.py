"""The life of the gate: how often a challenger is promoted in three years, by kind of pair.

    python benchmarks/bench_gate.py --lives 2000

Each life is a backtest of 26 weeks and 156 judged weeks. The losses of champion and challenger have
a part in common, which varies by half of its mean, and a difference. Of the variance of the latter
0.56 is an autoregression of the days, and the rest is new with each forecast. The standard
deviation of a week's difference is 0.33 of the mean loss: the median of six recipes against the
combination on three real channels (0.12 to 0.80).

``ever in …, %``: lives in which the challenger was promoted at least once within so many weeks,
with the standard error; ``median``: weeks until then, infinite where fewer than half were. Beside
the gate stand two judges that are common: a Diebold-Mariano test of the week's seven days at 5 %,
each week (``weekly``; three cosines, one-sided), and a t test at 5 % of all weeks so far, looked at
each week (``peeking``). ``five``: five challengers at once, the first of them as the kind says, the
others equal to the champion.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import t as student
from side_by_side import keep

from viewcast.selection.e_process import BURN_IN, evidence, gains, threshold

Floats = NDArray[np.float64]
WEEK, YEARS = 7, (52, 104, 156)
WEEKS = BURN_IN + YEARS[-1]
SPREAD = 0.33  # standard deviation of a week's difference, of the mean loss
ALPHA = 0.05
BATCH = 250  # lives at once


@dataclass(frozen=True)
class Kind:
    """A pair: ``ratio`` of the challenger's mean loss to the champion's; ``memory`` of the days'
    difference; ``tail``: degrees of freedom of Student's t, None for normal; ``season``: amplitude
    over the year, in standard deviations of a week; ``erratic``: sigma of a lognormal factor.
    """

    ratio: float = 1.0
    memory: float = 0.1
    tail: float | None = None
    season: float = 0.0
    erratic: float = 0.0


KINDS = {
    "equal, normal": Kind(),
    "equal, AR 0.5": Kind(memory=0.5),
    "equal, t3": Kind(tail=3),
    "equal over the year, season of 0.3 sd": Kind(season=0.3),
    "equal on average, erratic": Kind(erratic=0.6),
    "5 % worse": Kind(ratio=1.05),
    "10 % worse": Kind(ratio=1.1),
    "5 % better": Kind(ratio=0.95),
    "10 % better": Kind(ratio=0.9),
    "20 % better": Kind(ratio=0.8),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lives", type=int, default=2000)
    arguments = parser.parse_args()
    rows = []
    for name, kind in KINDS.items():
        rng = np.random.default_rng(1)
        found: dict[str, list[Floats]] = {}
        for _ in range(arguments.lives // BATCH):
            for judge, weeks in judged(*losses(rng, kind, BATCH)).items():
                found.setdefault(judge, []).append(weeks)
            for judge, weeks in judged_five(rng, kind, BATCH).items():
                found.setdefault(judge, []).append(weeks)
        rows += [row(name, judge, np.concatenate(weeks)) for judge, weeks in found.items()]
    keep("gate", rows, f"{arguments.lives} lives a kind; 26 weeks of backtest, 156 judged weeks")


def losses(rng: np.random.Generator, kind: Kind, lives: int) -> tuple[Floats, Floats]:
    """Losses (lives, weeks, days) of champion and challenger."""
    shape = (lives, WEEKS * WEEK)
    common = np.repeat(rng.gamma(4, 1 / 4, (lives, WEEKS)), WEEK, axis=1)
    lasting = lfilter([1], [1, -kind.memory], _drawn(rng, kind, (lives, shape[1] + 50)))[:, 50:]
    difference = 0.75 * _in_weeks(lasting) + 0.66 * _in_weeks(_drawn(rng, kind, shape))
    if kind.season:
        phase = rng.uniform(0, 2 * np.pi, (lives, 1))
        difference += kind.season * np.sin(2 * np.pi * np.arange(shape[1]) / 365.25 + phase)
    half = SPREAD / 2 * difference
    champion, challenger = common + half, kind.ratio * (common - half)
    if kind.erratic:  # seldom far worse, mostly a little better
        normal = np.repeat(rng.standard_normal((lives, WEEKS)), WEEK, axis=1)
        challenger = challenger * np.exp(kind.erratic * normal - kind.erratic**2 / 2)
    return tuple(each.reshape(lives, WEEKS, WEEK) for each in (champion, challenger))


def _in_weeks(days: Floats) -> Floats:
    """Days (lives, days) in units of the standard deviation of their weekly means."""
    return days / days.reshape(len(days), WEEKS, WEEK).mean(axis=2).std()


def _drawn(rng: np.random.Generator, kind: Kind, shape: tuple[int, int]) -> Floats:
    if kind.tail is None:
        return rng.standard_normal(shape)
    return rng.standard_t(kind.tail, shape)


def judged(champion: Floats, challenger: Floats) -> dict[str, Floats]:
    """The week (lives,) in which each judge promotes first; infinite for never."""
    evident = evidence(gains(champion.mean(2), challenger.mean(2))[:, BURN_IN:])
    days = (champion - challenger)[:, BURN_IN:]
    return {
        "gate": first(evident >= threshold(ALPHA, 0)),
        "weekly": first(weekly(days) <= ALPHA),
        "peeking": first(peeking(days.mean(2)) <= ALPHA),
    }


def judged_five(rng: np.random.Generator, kind: Kind, lives: int) -> dict[str, Floats]:
    """The same of the gate with five challengers, who share the champion's part."""
    champion, challenger = (each.mean(2) for each in losses(rng, kind, lives))
    factors = np.exp(SPREAD * rng.standard_normal((4, *champion.shape)) - SPREAD**2 / 2)
    others = champion * factors
    evident = evidence(gains(champion, np.stack([challenger, *others]))[..., BURN_IN:])
    return {"gate, five": first(evident.mean(axis=0) >= threshold(ALPHA, 0))}


def weekly(days: Floats) -> Floats:
    """p-values (lives, weeks) of seven days' differences: three cosines estimate the variance."""
    cosines = np.cos(np.pi * np.arange(1, 4)[:, None] * (np.arange(WEEK) + 0.5) / WEEK)
    variance = ((days @ cosines.T * np.sqrt(2 / WEEK)) ** 2).mean(axis=2)
    return np.asarray(student.sf(days.mean(axis=2) / np.sqrt(variance / WEEK), 3))


def peeking(weeks: Floats) -> Floats:
    """p-values (lives, weeks) of the t test of all weeks so far, from the fourth on."""
    count = np.arange(1, weeks.shape[1] + 1)
    mean = weeks.cumsum(axis=1) / count
    squares = (weeks**2).cumsum(axis=1) - count * mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        found = student.sf(mean / np.sqrt(squares / (count - 1) / count), count - 1)
    found[:, :3] = 1.0
    return np.asarray(found)


def first(promoted: NDArray[np.bool_]) -> Floats:
    """The first week (lives,), from 1 on; infinite for never."""
    return np.where(promoted.any(axis=1), promoted.argmax(axis=1) + 1.0, np.inf)


def row(kind: str, judge: str, weeks: Floats) -> dict[str, str | float]:
    shares = {f"ever in {limit} weeks, %": 100 * float((weeks <= limit).mean()) for limit in YEARS}
    last = list(shares.values())[-1]
    error = float(np.sqrt(last * (100 - last) / len(weeks)))
    return {
        "pair": kind,
        "judge": judge,
        **shares,
        "error": error,
        "median": float(np.median(weeks)),
    }


if __name__ == "__main__":
    main()
