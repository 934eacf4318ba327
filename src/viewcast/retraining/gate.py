"""The gate: which recipe is the champion. Only evidence that holds for life changes it.

Every judged week bets on each challenger against the champion (``viewcast.selection.e_process``).
A challenger is promoted in the first week in which the mean evidence of all challengers reaches
the threshold, and it is the one with the most evidence. Its reign begins with evidence 1 and a
threshold twice as high. A champion as good as all challengers loses its place with at most α in its
reign, however many weeks it lasts.

A night calls ``weigh`` and ``decide`` until nothing is promoted::

    made = [*judgement.read(path), *judgement.due(lines, views, judgement.read(path))]
    found = weigh(made, champion, recipes, Gate(alpha=0.05), reign=0, since=None)
    decision = decide(found)          # decision.promote: the name, or None; decision.reason

The challengers are the recipes of tonight's configuration. One that joins later counts as if it had
been there with evidence 1. One that a person takes away counts no more; whoever takes recipes away
because their evidence is low loses the guarantee.

Shape letters: R recipes, W weeks.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.numbers import short
from viewcast.report.nights_record import WeekOfEvidence
from viewcast.retraining.judgement import Judgement
from viewcast.selection import e_process
from viewcast.selection.e_process import Array, Flags

FEWEST_WEEKS = 4  # judged weeks, below which no rate is told
MOST_WEEKS = 520  # ten years: a longer time is not told in weeks


@checked(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Gate:
    """``alpha``: the chance that a champion as good as all challengers ever loses its place."""

    alpha: Annotated[float, Field(gt=0, le=0.5)] = 0.05


@dataclass(frozen=True)
class Evidence:
    """What the judged weeks of a reign say.

    ``champion``; ``challengers`` (R,): names. ``lasts`` (W,): the last day of each judged week.
    ``gains`` (R, W): of each challenger, scaled. ``e`` (R, W): evidence after each week.
    ``threshold``: of the mean over challengers. ``scale_weeks``: judged weeks and backtests of the
    champion, out of the ``BURN_IN`` that the first bet needs. ``in_set``: the recipes, champion
    among them, that may still be the best.
    """

    champion: str
    challengers: tuple[str, ...]
    lasts: tuple[date, ...]
    gains: Array
    e: Array
    threshold: float
    alpha: float
    scale_weeks: int
    in_set: frozenset[str]

    @property
    def mean(self) -> Array:
        """The mean evidence (W,) of the challengers after each week."""
        return np.asarray(self.e.mean(axis=0)) if len(self.e) else np.ones(len(self.lasts))

    def weeks(self) -> list[WeekOfEvidence]:
        """The same week by week, for the record."""
        return [
            WeekOfEvidence(
                last=last,
                e={name: float(e) for name, e in zip(self.challengers, column, strict=True)},
                mean=float(mean),
            )
            for last, column, mean in zip(self.lasts, self.e.T, self.mean, strict=True)
        ]

    def weeks_needed(self, challenger: str) -> int | None:
        """Further weeks like those so far until the threshold, if only this challenger gained.

        None where it does not gain, where it would take more than ten years, and where there are
        fewer than four weeks.
        """
        if len(self.lasts) < FEWEST_WEEKS:
            return None
        place = self.challengers.index(challenger)
        others = float(self.e[:, -1].sum() - self.e[place, -1])
        needed = math.log(max(len(self.e) * self.threshold - others, 1.0))
        capital = e_process.log_capital(self.gains[place])[:, -1]
        rates = capital / len(self.lasts)
        ahead = np.arange(MOST_WEEKS + 1)[:, np.newaxis]
        then = np.logaddexp.reduce(capital + rates * ahead, axis=1) - math.log(len(capital))
        reached = np.flatnonzero(then >= needed)
        return int(reached[0]) if len(reached) else None


@dataclass(frozen=True)
class Decision:
    """``promote``: the recipe that becomes champion, None for none; ``reason``: one sentence.

    ``last``: the last day of the week that decided; the next reign counts weeks after it.
    """

    promote: str | None
    reason: str
    last: date | None


def weigh(
    judgements: Iterable[Judgement],
    champion: str,
    recipes: Sequence[str],
    gate: Gate,
    reign: int = 0,
    since: date | None = None,
) -> Evidence:
    """The evidence against ``champion`` in its reign number ``reign`` (0, 1, …).

    ``recipes``: the names of tonight's configuration and of the combination; the champion need not
    be among them. ``since``: the last day of the week that began the reign; weeks with an earlier
    origin only give the scale. None: all kept weeks count.
    """
    weeks = sorted(judgements, key=lambda week: (week.origin, not week.backtest))
    challengers = tuple(name for name in recipes if name != champion)
    names = (champion, *challengers)
    losses = np.array([[week.losses.get(name, np.nan) for week in weeks] for name in names])
    losses = losses.reshape(len(names), len(weeks))
    kept = np.array([not week.backtest for week in weeks], bool)
    own = kept & np.array([since is None or week.origin >= since for week in weeks], bool)
    gains = e_process.gains(losses[0], losses[1:])[:, own]
    return Evidence(
        champion=champion,
        challengers=challengers,
        lasts=tuple(week.last for week, counts in zip(weeks, own, strict=True) if counts),
        gains=gains,
        e=e_process.evidence(gains),
        threshold=e_process.threshold(gate.alpha, reign),
        alpha=gate.alpha,
        scale_weeks=int(np.isfinite(losses[0]).sum()),
        in_set=_in_set(names, losses, kept, gate.alpha),
    )


def decide(found: Evidence) -> Decision:
    """Whether a challenger is promoted, and why, in one sentence."""
    above = np.flatnonzero(found.mean >= found.threshold)
    if not len(above):
        return Decision(None, sentence(found), None)
    week = int(above[0])
    place = int(found.e[:, week].argmax())
    name, last = found.challengers[place], found.lasts[week]
    others = "" if len(found.e) == 1 else f", the mean of all {len(found.e)} challengers"
    reason = (
        f"{name} is better than {found.champion}: after {_weeks(week + 1)} of bets the evidence"
        f"{others} is {short(float(found.mean[week]))}, and {found.threshold:g} is needed "
        f"({name} alone: {short(float(found.e[place, week]))}). Evidence against a champion that "
        f"is as good as the others gets there in {100 / found.threshold:g} % of lives at most"
    )
    return Decision(name, reason, last)


def sentence(found: Evidence) -> str:
    """Where the evidence stands: whether there are weeks enough, who leads, how long it takes."""
    count = len(found.lasts)
    if not found.challengers:
        return f"{found.champion} is the only recipe: there is nothing to compare it with"
    if not count:
        return f"no week of {found.champion} as champion is judged yet"
    if not found.gains.any() and found.scale_weeks <= e_process.BURN_IN:
        return (
            f"no bet yet: {_weeks(found.scale_weeks)} of losses are known, and the first bet needs "
            f"{e_process.BURN_IN} for its scale"
        )
    place = int(found.e[:, -1].argmax())
    leader = found.challengers[place]
    mean = f"{short(float(found.mean[-1]))} after {_weeks(count)}"
    start = f"evidence against {found.champion} is {mean}, and {found.threshold:g} is needed"
    if found.e[place, -1] <= 1:
        return f"{start}; no recipe has gained on it"
    leads = f"{leader} leads with {short(float(found.e[place, -1]))}"
    rate = f" and {_rate(found, leader)}" if count >= FEWEST_WEEKS else ""
    return f"{start}; {leads}{rate}"


def sentence_of(found: Evidence, recipe: str) -> str:
    """What the evidence means for one recipe."""
    if recipe == found.champion:
        return "serves"
    if recipe not in found.challengers:
        return "is not among tonight's recipes"
    if not len(found.lasts):
        return "no week is judged yet"
    place = found.challengers.index(recipe)
    if not found.gains[place].any():
        return "no bet on it yet"
    dropped = "" if recipe in found.in_set else "is worse than the best; "
    return dropped + _rate(found, recipe)


def _rate(found: Evidence, recipe: str) -> str:
    if len(found.lasts) < FEWEST_WEEKS:
        return f"has {_weeks(len(found.lasts))}, too few to tell a rate"
    gained = float(found.gains[found.challengers.index(recipe)].sum())
    if gained <= 0:
        return f"has not gained on {found.champion}"
    needed = found.weeks_needed(recipe)
    if needed is None:
        return "would need more than ten years at this rate"
    if needed == 0:
        return "has the evidence that is needed"
    return f"would need about {needed} more week{'' if needed == 1 else 's'} at this rate"


def _in_set(names: Sequence[str], losses: Array, kept: Flags, alpha: float) -> frozenset[str]:
    flags = e_process.may_be_best(losses, kept, alpha)
    return frozenset(name for name, flag in zip(names, flags, strict=True) if flag)


def _weeks(count: int) -> str:
    return f"{count} week{'' if count == 1 else 's'}"
