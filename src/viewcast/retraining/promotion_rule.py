"""The promotion rule: whether a challenger replaces the champion, and why, in one sentence."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.numbers import rounded
from viewcast.retraining.dm_test import Comparison, compare, interval

Vector = NDArray[np.float64]


@checked(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class PromotionRule:
    """When a challenger replaces the champion.

    ``confidence_level``: of the two-sided interval of the difference; a challenger that is no
    better is called better in about (1 - confidence_level)/2 of evaluations.
    ``non_inferiority_margin``: share of the champion's mean loss by which a challenger may be worse
    and still count as not worse; with 0 it has to be better. ``max_champion_age``: days; an older
    champion is replaced by a challenger that is not worse.
    """

    confidence_level: Annotated[float, Field(ge=0.5, lt=1)]
    non_inferiority_margin: Annotated[float, Field(ge=0, lt=1)]
    max_champion_age: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Decision:
    """Whether to promote the challenger, by which part of the rule, and why, in one sentence."""

    promote: bool
    why: Literal["first", "better", "refresh", "kept"]
    reason: str


def decide(result: Comparison, age: int, rule: PromotionRule, unit: str) -> Decision:
    """Promote or keep, by a comparison at ``rule.confidence_level`` and the champion's ``age``.

    "better": the whole interval lies below 0. "refresh": the champion is older than
    ``rule.max_champion_age`` days and the challenger not worse. The latter is a test of
    non-inferiority: the upper end of the interval of challenger - (1 + margin) · champion lies
    below 0. ``age``: in days. ``unit``: of the loss.
    """
    if not math.isfinite(result.challenger):
        return Decision(False, "kept", "the challenger's loss is not finite: it has diverged")
    margin, max_age = rule.non_inferiority_margin, rule.max_champion_age
    difference, half = _difference(result, unit), _half_width(result)
    challenger, champion = rounded(result.challenger, half), rounded(result.champion, half)
    losses = f"mean loss {challenger} against {champion} {unit}"
    if result.high < 0:
        return Decision(True, "better", f"better than the champion: {difference}; {losses}")
    old, allowed = age > max_age, f"{100 * margin:g} % of the champion's loss"
    age_of_champion = f"the champion is {_days(age)} old ({'' if old else 'not '}above {max_age})"
    if old and result.excess(margin) < 0:
        reason = f"{age_of_champion} and the challenger not worse by {allowed}"
        return Decision(True, "refresh", f"{reason}: {difference}; {losses}")
    if result.low > 0:
        reason = f"worse than the champion: {difference}; {losses}"
    elif result.mean == result.error == 0:
        days = _days(result.days)
        reason = f"the same loss as the champion's on each of {days}; {age_of_champion}"
    else:
        reason = f"not clearly better than the champion: {difference}; {losses}; {age_of_champion}"
        reason += f", but the challenger may be worse by more than {allowed}" if old else ""
    return Decision(False, "kept", reason)


def decide_first(challenger: Vector, naive: Vector, level: float, unit: str) -> Decision:
    """Promote a challenger where there is no champion, unless it is clearly worse than ``naive``.

    Losses (D,) of the challenger and of the naive forecast (same weekday last week) on the same
    days, in order of time; ``unit`` of the loss. Clearly worse: the whole interval of the
    difference at ``level`` lies above 0. Raises DataError as ``compare`` does, for the naive
    forecast in place of the champion.
    """
    result = compare(naive, challenger, level, reference="naive forecast")
    if not math.isfinite(result.challenger):
        return Decision(False, "kept", "no champion yet, and the challenger's loss is not finite")
    mean, low, high = interval(challenger, level)
    half = (high - low) / 2
    shown, *ends = (rounded(x, half) for x in (mean, low, high))
    loss = f"mean loss {shown} {unit} ({100 * level:g} % interval {' to '.join(ends)})"
    worse, better = result.low > 0, result.high < 0
    relation = "worse than" if worse else "better than" if better else "not clearly different from"
    difference = _difference(result, unit)
    reason = f"no champion yet; {loss}, {relation} the naive forecast: {difference}"
    return Decision(not worse, "kept" if worse else "first", reason)


def _half_width(result: Comparison) -> float:
    """Half of the interval, which decides the decimals; at least a share of the losses."""
    return max((result.high - result.low) / 2, 1e-3 * result.champion)


def _difference(result: Comparison, unit: str) -> str:
    half = _half_width(result)
    mean, low, high = (rounded(x, half) for x in (result.mean, result.low, result.high))
    shown = f"{100 * result.level:g} % interval {low} to {high}"
    return f"difference {mean} {unit} ({shown}; {_days(result.days)})"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
