"""Every submission in order: the steps that were accepted beside those that a raw loop climbs."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from viewcast.assessment.wording import counted
from viewcast.referee import sentences
from viewcast.referee.record import Closing
from viewcast.report.figures.style import (
    BAND,
    INK,
    MUTED,
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    sheet,
)
from viewcast.report.referee_figures import LETTERS
from viewcast.report.screen import cut

Vector = NDArray[np.float64]
MANY = 100  # submissions from which their dots are small
DOTS = "#e3a58d"  # the raw loop's colour, pale
BELOW, WORST = 1.0, 0.05  # room under the steps, in their height; share of dots that may miss it
FEW = 20  # dots that are all shown
WIDE = 0.3  # share of the budget that is unused from which on words find room there


def drawing(closing: Closing) -> Drawing:
    """The picture of the whole budget; what became public by closing is said in its caption."""
    title = _title(closing)
    figure, (axes,) = sheet(cut(sentences.label(closing), LETTERS), title, 3.3)
    numbers = np.array([one.number for one in closing.submissions])
    raw = _values([one.raw for one in closing.told])
    given, budget = len(numbers), closing.plan.terms.budget
    low, high = _heights(closing, raw)
    axes.axhline(0, color=MUTED, lw=0.8)
    if given < budget:
        axes.axvspan(given + 0.5, budget + 0.5, color=BAND, lw=0)
        _unused(axes, given, budget)
    below = _dots(axes, numbers, raw, low)
    axes.step(
        [*numbers, given + 0.5], _repeat(raw_steps(closing)), where="post", color=VALIDATION,
        lw=1.6, label="raw loop, all rows",
    )  # fmt: skip
    _gate(axes, closing, given)
    _estimate(axes, closing, given, budget)
    axes.set(
        xlabel=f"submissions, of {budget:,} answers",
        ylabel=sentences.axis_label(closing),
        ylim=(low, high),
        xlim=(0.5 - 0.01 * budget, budget * 1.07 + 0.5),
    )
    ticks = _ticks(budget)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    legend_above(axes, 2)
    return Drawing(
        "referee_staircase", figure, title, _caption(closing, raw, below), _alt(closing), []
    )


def raw_steps(closing: Closing) -> Vector:
    """The gain that a raw loop shows after each submission: it keeps every new best."""
    raw = np.nan_to_num(_values([one.raw for one in closing.told]), nan=0.0)
    return np.maximum(np.maximum.accumulate(raw), 0.0)


def gate_steps(closing: Closing) -> Vector:
    """The gain of the incumbent on the rows that judge, after each submission."""
    steps, present = [], 0.0
    for submitted, told in zip(closing.submissions, closing.told, strict=True):
        if submitted.accepted and told.gate is not None:
            present = told.gate
        steps.append(present)
    return np.array(steps)


def _title(closing: Closing) -> str:
    count, word = closing.verdict.acceptances, sentences.taken(closing)
    times = f"{count:,} {word}" if count else f"nothing {word}"
    return (
        f"{counted(len(closing.submissions), 'submission')}: {times}, where a raw loop keeps "
        f"{closing.raw.acceptances:,}"
    )


def _gate(axes: Axes, closing: Closing, given: int) -> None:
    steps = gate_steps(closing)
    word = sentences.taken(closing)
    axes.step(
        [*range(1, given + 1), given + 0.5], _repeat(steps), where="post", color=TRAIN, lw=2.2,
        label=f"{word}, rows that judge",
    )  # fmt: skip
    at = [one.number for one in closing.submissions if one.accepted][1:]
    axes.plot(at, steps[np.array(at, int) - 1], "o", color=TRAIN, ms=5, zorder=4)


def _estimate(axes: Axes, closing: Closing, given: int, budget: int) -> None:
    verdict, x = closing.verdict, given + 0.035 * budget + 0.5
    label = f"hidden rows, {sentences.confidence()} interval"
    if sentences.priced(closing):
        axes.plot([x, x], [verdict.low, verdict.high], "_-", color=INK, lw=2, ms=7, zorder=4)
        axes.plot([x], [verdict.estimate], "o", color=INK, ms=6, zorder=5, label=label)


def _dots(axes: Axes, numbers: Vector, raw: Vector, low: float) -> int:
    """Every submission that was not accepted first; returns how many lie below the picture."""
    inside = raw >= low
    axes.plot(
        numbers[inside], raw[inside], ".", color=DOTS, ms=4.5 if len(numbers) > MANY else 7, mew=0,
        zorder=1.5, label="raw score of each",
    )  # fmt: skip
    outside = raw < low
    axes.plot(
        numbers[outside], np.full(int(outside.sum()), low), "v", color=DOTS, ms=3.5, mew=0,
        zorder=1.5, clip_on=False,
    )  # fmt: skip
    return int(outside.sum())


def _heights(closing: Closing, raw: Vector) -> tuple[float, float]:
    """Both staircases and the interval whole; of worse dots what does not flatten them."""
    verdict = closing.verdict
    drawn = [0.0, *raw_steps(closing), *gate_steps(closing)]
    if sentences.priced(closing):
        drawn += [verdict.low, verdict.high]
    low, high = float(min(drawn)), float(max(drawn))
    tall = (high - low) or float(np.nanmax(np.abs(raw), initial=0.0)) or 1.0
    known = raw[~np.isnan(raw)]
    worst = float(np.quantile(known, WORST)) if len(known) > FEW else float(known.min(initial=0.0))
    return min(low, max(worst, low - BELOW * tall)) - 0.05 * tall, high + 0.08 * tall


def _ticks(budget: int) -> list[int]:
    """From the first answer to the last one, round numbers between."""
    inner = [int(tick) for tick in MaxNLocator(5, integer=True).tick_values(1, budget)]
    room = 0.08 * budget
    return [1, *(tick for tick in inner if 1 + room < tick < budget - room), budget]


def _unused(axes: Axes, given: int, budget: int) -> None:
    left = budget - given
    if left < WIDE * budget:
        return  # too narrow for words; the caption has them
    words = f"{left:,} answers\nunused"
    axes.text(
        (given + budget) / 2 + 0.5, 0.97, words, ha="center", va="top", size=8.5, color=MUTED,
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip


def _caption(closing: Closing, raw: Vector, below: int) -> str:
    word, plan = sentences.taken(closing), closing.plan
    left = plan.terms.budget - len(closing.submissions)
    parts = [
        "While the referee was open, none of these figures was told to anybody; closing made them "
        f"public. Blue: the steps that were {word}, by their gain on the {plan.gate:,} rows that "
        f"judge. Orange: the raw score of each submission on all {plan.rows:,} rows, and the steps "
        "of a loop that keeps every new best of these submissions. A loop that sees its scores "
        "also builds on its luck, and claims more than that."
    ]
    if sentences.priced(closing):
        parts.append("Black: the estimate from the hidden rows.")
    if left:
        parts.append(f"Grey: {counted(left, 'answer')} that nobody asked for.")
    if below:
        parts.append(f"Triangles, with a gain below the picture: {counted(below, 'submission')}.")
    unscored = int(np.isnan(raw).sum())
    if unscored:
        parts.append(
            f"Without a dot, for want of a finite score: {counted(unscored, 'submission')}."
        )
    return " ".join(parts)


def _alt(closing: Closing) -> str:
    return f"{_title(closing)}. Gain by submission; {sentences.headline(closing)}"


def _values(gains: Sequence[float | None]) -> Vector:
    return np.array([np.nan if gain is None else gain for gain in gains], np.float64)


def _repeat(steps: Vector) -> list[float]:
    """The last step goes on to the end of what was asked."""
    return [*steps, steps[-1]]
