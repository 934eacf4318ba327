"""The evaluations of challengers: their loss against the champion's, and which were promoted."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.champion_record import ChampionHistory, Difference, Gate
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    LINE,
    MUTED,
    OTHER,
    Drawing,
    day_axis,
    legend_above,
    sheet,
)

SECTION = "retraining"
KINDS = {
    "better": (LINE, "o", "clearly better: promoted"),
    "refresh": (OTHER, "D", "not worse than an old champion: promoted"),
    "kept": (MUTED, "o", "champion stays"),
}


def draw(results: Results) -> Iterator[Drawing]:
    """One, as soon as a challenger was compared with a champion."""
    if results.history is None:
        return
    compared = [
        (gate, gate.difference)
        for gate in results.history.gates
        if gate.difference is not None and math.isfinite(gate.difference.mean)
    ]
    if compared:
        yield _intervals(results.history, compared)


def finding(gates: list[Gate]) -> str:
    """How many of the compared challengers were promoted, as a sentence without a full stop."""
    better = sum(gate.why == "better" for gate in gates)
    fresher = sum(gate.why == "refresh" for gate in gates)
    if len(gates) == 1:
        kept = "not worse than" if fresher else "not clearly better than"
        return f"The first challenger was {'clearly better than' if better else kept} the champion"
    said = f"Of {len(gates)} challengers, {better or 'none'} {'was' if better < 2 else 'were'} "
    said += "clearly better than the champion"
    return said + (f", {fresher} not worse than an old one" if fresher else "")


def _intervals(history: ChampionHistory, compared: list[tuple[Gate, Difference]]) -> Drawing:
    title = finding([gate for gate, _ in compared])
    figure, (axes,) = sheet(history.label, title, 2.3)
    for why, (colour, mark, label) in KINDS.items():
        own = [(gate, one) for gate, one in compared if gate.why == why]
        for place, (gate, one) in enumerate(own):
            at: Any = pd.Timestamp(gate.night)
            axes.plot([at, at], [-one.high, -one.low], color=colour, lw=1.5)
            axes.plot(
                at, -one.mean, mark, mfc="white" if why == "kept" else colour, mec=colour,
                ms=5.5, mew=1.3, zorder=3, label=None if place else label,
            )  # fmt: skip
    axes.axhline(0, color=INK, lw=0.9)
    first, last = (pd.Timestamp(compared[place][0].night) for place in (0, -1))
    room: Any = max((last - first) * 0.04, pd.Timedelta(days=2))
    axes.set_xlim(first - room, last + room)
    axes.set(xlabel="night of the evaluation", ylabel=f"loss saved a day\n({history.loss_unit})")
    day_axis(axes)
    legend_above(axes, 1 if any(gate.why == "refresh" for gate, _ in compared) else 2)
    caption = (
        "By how much the challenger lost less than the champion on the same fresh days, with the "
        f"{plain(100 * history.level)} % interval: above the line the challenger was better. It "
        "is promoted if the whole interval lies above the line, or if the champion is old and the "
        "challenger not worse. A challenger that is no better passes as better in about "
        f"{plain(100 * history.error_rate)} % of evaluations."
    )
    alt = f"{title}. One interval per evaluation over time, promotions in colour."
    return Drawing("retraining_gates", figure, title, caption, alt, [])
