"""The champions, their gates and the last nights, as the page tells them."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from viewcast.base.numbers import plain, rounded
from viewcast.report.champion_record import Champion, ChampionHistory, Estimate, Gate, Night

WHY = {
    "first": "the first",
    "better": "clearly better",
    "refresh": "fresher, not worse",
    "rollback": "taken back",
    "kept": "champion stays",
}
WORDS = {
    "kept": "kept",
    "broken": "broken",
    "unclear": "cannot be told",
    "too early": "too early to tell",
}
COLOURS = {"kept": "green", "broken": "red", "unclear": "amber", "too early": ""}
SIGNS = {"kept": "●", "broken": "○", "unclear": "◐", "too early": "…"}  # told apart without colours
WAITS = ("days spent", "nothing new")  # told in stretches
GATES, NIGHTS = 12, 10  # rows that are shown at once; the older ones are folded away


@dataclass(frozen=True)
class Stretch:
    """Nights in a row that ended alike for want of days; else one night. ``reason``: the last."""

    nights: int
    last: date
    outcome: str
    reason: str


@dataclass(frozen=True)
class Told:
    """The section; newest first. ``pictures``: of those that are drawn, where they belong."""

    history: ChampionHistory
    now: str
    champions: list[Champion]
    gates: list[Gate]
    nights: list[Stretch]
    endings: str
    coverage: str


def told(history: ChampionHistory) -> Told:
    """What the page says of a history."""
    return Told(
        history,
        _now(history),
        history.champions[::-1],
        history.gates[::-1],
        _stretches(history.nights)[::-1],
        _endings(history.nights),
        _coverage(history),
    )


def ranged(one: Estimate | None) -> str:
    """A mean with its interval, as many decimals as the interval warrants."""
    if one is None:
        return "–"
    if one.low is None or one.high is None:
        return plain(one.mean)
    half = (one.high - one.low) / 2
    return f"{rounded(one.mean, half)} ({rounded(one.low, half)} to {rounded(one.high, half)})"


def gained(gate: Gate) -> str:
    """What the challenger would have saved, with its interval; empty without a comparison."""
    one = gate.difference
    if one is None:
        return ""
    half = (one.high - one.low) / 2
    if not math.isfinite(half):
        return "−∞"
    mean, low, high = (rounded(-value, half) for value in (one.mean, one.high, one.low))
    return f"{mean} ({low} to {high})"


def word(champion: Champion) -> str:
    """Whether it kept its promise; "so far" for the present champion."""
    final = champion.until is not None or champion.promise_status not in ("kept", "broken")
    return WORDS[champion.promise_status] + ("" if final else " so far")


def days(count: int) -> str:
    """A number of days."""
    return f"{count:,} day{'' if count == 1 else 's'}"


def _now(history: ChampionHistory) -> str:
    champion = history.current
    if champion is None:
        return "Nobody forecasts yet: no challenger has passed its first judgement."
    unit, came = history.loss_unit, champion.realised
    reason = champion.reason.rstrip(".")
    said = f"Since {champion.promoted}, {champion.name} forecasts. The reason: {reason}. "
    said += f"It promised to lose {ranged(champion.promised)} {unit} a day"
    if came is None:
        return f"{said}; no day has come since to hold it to its word."
    said += f"; in the {days(came.days)} since, it lost {ranged(came)}"
    own = history.days.loc[str(champion.promoted) :, "naive_loss"].dropna()
    if len(own) == came.days:
        said += f", the naive forecast {plain(float(own.mean()))}"
    return said + "."


def _stretches(nights: list[Night]) -> list[Stretch]:
    kinds = groupby(
        enumerate(nights), lambda one: one[1].outcome if one[1].outcome in WAITS else one[0]
    )
    rows = [[night for _, night in group] for _, group in kinds]
    return [Stretch(len(row), row[-1].night, row[-1].outcome, row[-1].reason) for row in rows]


def _endings(nights: list[Night]) -> str:
    counts = Counter(night.outcome for night in nights)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())


def _coverage(history: ChampionHistory) -> str:
    one = history.coverage
    if one is None:
        return ""
    error = "" if one.error is None else f" ± {plain(100 * one.error, 2)} %"
    return (
        f"Its intervals are made to hold {plain(100 * one.level)} % of days. In the past such "
        f"intervals held {plain(100 * one.covered)} %{error} of {days(one.days)} to come."
    )
