"""What was gained, what the rows that judged claim, and what a raw loop claims, on one axis."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from viewcast.referee import sentences
from viewcast.referee.record import Closing
from viewcast.report.figures.style import (
    INK,
    MUTED,
    TRAIN,
    VALIDATION,
    Drawing,
    row_labels,
    sheet,
)

ESTIMATE, GATE, RAW = 2.0, 1.0, 0.0  # heights


def drawing(closing: Closing) -> Drawing:
    """The picture; of a referee that accepted nothing it has the raw loop's claim alone."""
    verdict, raw = closing.verdict, closing.raw
    title = _title(closing)
    figure, (axes,) = sheet(sentences.label(closing), title, 1.75)
    rows = [(RAW, "raw loop")]
    axes.axvline(0, color=MUTED, lw=0.8)
    _point(axes, RAW, raw.claim, VALIDATION, sentences.figure(closing, raw.claim))
    if verdict.acceptances:
        rows += [(GATE, "rows that judged"), (ESTIMATE, "hidden rows")]
        _point(axes, GATE, verdict.claimed, TRAIN, sentences.claimed(closing))
        told = f"{sentences.figure(closing, verdict.estimate)}, {sentences.interval(closing)}"
        axes.plot([verdict.low, verdict.high], [ESTIMATE] * 2, "|-", color=INK, lw=2, ms=8)
        _point(axes, ESTIMATE, verdict.estimate, INK, told)
    else:
        rows.append((GATE, f"nothing {sentences.taken(closing)}"))
        _point(axes, GATE, 0.0, INK, "no gain is claimed")
    row_labels(axes, rows, [])
    _limits(axes, closing)
    axes.spines["left"].set_visible(False)  # it would look like another 0
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set(ylim=(-0.6, max(y for y, _ in rows) + 0.75), xlabel=sentences.axis_label(closing))
    caption = f"{sentences.direction(closing).capitalize()}. {_shown(closing)}"
    alt = f"{sentences.headline(closing)} The three figures as points on one axis."
    return Drawing("referee_claims", figure, title, caption, alt, [])


def _title(closing: Closing) -> str:
    claim = f"a raw loop claims {sentences.figure(closing, closing.raw.claim)}"
    if not closing.verdict.acceptances:
        return f"Nothing {sentences.taken(closing)}, no gain claimed; {claim}"
    return f"{sentences.title(closing)}; {claim}"


def _shown(closing: Closing) -> str:
    raw = (
        "Raw loop: the best score of all submissions on all rows; no error makes it honest, "
        "because it was chosen."
    )
    if not closing.verdict.acceptances:
        return f"Nothing was {sentences.taken(closing)}, so there is nothing to estimate. {raw}"
    return (
        f"Hidden rows: the estimate with its {sentences.confidence()} interval, from "
        f"{closing.plan.hidden:,} rows that entered no answer. Rows that judged "
        f"({closing.plan.gate:,}): they chose, so their claim (± standard error) can flatter. {raw}"
    )


def _point(axes: Axes, y: float, x: float, colour: str, text: str) -> None:
    axes.plot([x], [y], "o", color=colour, ms=6.5, zorder=3)
    axes.annotate(
        text, (x, y), (0, 7), textcoords="offset points", ha="center", va="bottom", size=8.5,
        color=colour, bbox={"fc": "white", "ec": "none", "pad": 0.8}, zorder=4,
    )  # fmt: skip


def _limits(axes: Axes, closing: Closing) -> None:
    """Room at both ends for what is written over the points."""
    verdict = closing.verdict
    ends = [0.0, verdict.estimate, verdict.low, verdict.high, verdict.claimed, closing.raw.claim]
    low, high = float(np.min(ends)), float(np.max(ends))
    room = 0.18 * ((high - low) or 1.0)
    axes.set_xlim(low - room, high + room)
