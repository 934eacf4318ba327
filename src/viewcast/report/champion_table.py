"""What the page says of the champions, of the evaluations of challengers and of the last nights."""

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
    "unclear": "unclear",
    "too early": "too early",
}
COLOURS = {"kept": "green", "broken": "red", "unclear": "amber", "too early": ""}
SIGNS = {"kept": "●", "broken": "○", "unclear": "◐", "too early": "…"}  # to be read without colours
WAITS = ("days spent", "nothing new")  # outcomes of nights that are put together
PICTURE = "retraining_promises"  # of what they promised and lost (report.figures.promises)
GATES, NIGHTS = 12, 10  # rows that are shown at once; the older ones are folded away


@dataclass(frozen=True)
class Stretch:
    """Nights in a row that lacked days and had the same outcome; else one night.

    ``reason``: that of the last night.
    """

    nights: int
    last: date
    outcome: str
    reason: str


@dataclass(frozen=True)
class ChampionSection:
    """The content of the section, the newest first."""

    history: ChampionHistory
    now: str
    champions: list[Champion]
    gates: list[Gate]
    nights: list[Stretch]
    endings: str
    coverage: str


def champion_section(history: ChampionHistory) -> ChampionSection:
    """What the page says of a history."""
    return ChampionSection(
        history,
        _now(history),
        history.champions[::-1],
        history.gates[::-1],
        _stretches(history.nights)[::-1],
        _endings(history.nights),
        _coverage(history),
    )


def ranged(estimate: Estimate | None) -> str:
    """A mean with its interval, rounded by the width of the interval."""
    if estimate is None:
        return "–"
    mean, low, high = estimate.mean, estimate.low, estimate.high
    if low is None or high is None:
        return plain(mean)
    half = (high - low) / 2
    return f"{rounded(mean, half)} ({rounded(low, half)} to {rounded(high, half)})"


def gained(gate: Gate) -> str:
    """By how much the challenger lost less, with its interval; empty without a comparison."""
    difference = gate.difference
    if difference is None:
        return ""
    half = (difference.high - difference.low) / 2
    if not math.isfinite(half):
        return "−∞"
    ends = (difference.mean, difference.high, difference.low)
    mean, low, high = (rounded(-value, half) for value in ends)
    return f"{mean} ({low} to {high})"


def word(champion: Champion) -> str:
    """Whether it kept its promise; "so far" for the present champion."""
    final = champion.until is not None or champion.promise_status not in ("kept", "broken")
    return WORDS[champion.promise_status] + ("" if final else " so far")


def promise(champion: Champion, unit: str) -> str:
    """Whether a champion kept its promise, as a sentence without a full stop."""
    came, most = champion.realised, plain(champion.promised.upper)
    if came is None or champion.promise_status == "too early":
        return (
            f"Version {champion.version} promised to lose {plain(champion.promised.mean)} {unit} a "
            "day; no week has passed yet to check the promise"
        )
    if champion.promise_status == "broken":
        said = broke(champion, unit)
        return said[:1].upper() + said[1:]
    lost = f"lost {plain(came.mean)} {unit} a day, at most {most} promised"
    if champion.promise_status == "kept":
        return f"Version {champion.version} kept its promise: it {lost}"
    return f"Version {champion.version} {lost}: whether it kept its promise is unclear"


def broke(champion: Champion, unit: str) -> str:
    """By how much a champion has broken its promise, as a part of a sentence."""
    assert champion.realised is not None, "judged"
    lost, most = plain(champion.realised.mean), plain(champion.promised.upper)
    return f"version {champion.version} lost {lost} {unit} a day, at most {most} promised"


def days(count: int) -> str:
    """A number of days."""
    return f"{count:,} day{'' if count == 1 else 's'}"


def _now(history: ChampionHistory) -> str:
    champion = history.current
    if champion is None:
        return "There is no champion yet: no challenger has passed its first evaluation."
    unit, realised = history.loss_unit, champion.realised
    reason = champion.reason.rstrip(".")
    text = f"Since {champion.promoted}, {champion.name} forecasts. The reason: {reason}. "
    text += f"It promised to lose {ranged(champion.promised)} {unit} a day"
    if realised is None:
        return f"{text}; no day has passed since to check the promise."
    text += f"; in the {days(realised.days)} since, it lost {ranged(realised)}"
    own = history.days.loc[str(champion.promoted) :, "naive_loss"].dropna()
    if len(own) == realised.days:
        text += f", the naive forecast {plain(float(own.mean()))}"
    return text + "."


def _stretches(nights: list[Night]) -> list[Stretch]:
    kinds = groupby(
        enumerate(nights), lambda item: item[1].outcome if item[1].outcome in WAITS else item[0]
    )
    rows = [[night for _, night in group] for _, group in kinds]
    return [Stretch(len(row), row[-1].night, row[-1].outcome, row[-1].reason) for row in rows]


def _endings(nights: list[Night]) -> str:
    counts = Counter(night.outcome for night in nights)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())


def _coverage(history: ChampionHistory) -> str:
    coverage = history.coverage
    if coverage is None:
        return ""
    error = "" if coverage.error is None else f" ± {plain(100 * coverage.error, 2)} %"
    return (
        f"Its intervals are made to hold {plain(100 * coverage.level)} % of days. In the past such "
        f"intervals held {plain(100 * coverage.covered)} %{error} of {days(coverage.days)}."
    )
