"""The winner of a choice: the loss it shows, the one to expect, its bound, and the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from viewcast.assessment.choice import Winner
from viewcast.assessment.sentences import expected, score
from viewcast.assessment.wording import bound_words, noise_digits
from viewcast.base.numbers import plain, with_error
from viewcast.report.audits import Audit
from viewcast.report.figures.style import (
    INK,
    NAIVE,
    VALIDATION,
    Drawing,
    row_labels,
    sheet,
)

if TYPE_CHECKING:  # the results of a project: an audit alone does not need them
    from viewcast.report.figures.run_results import Results


@dataclass(frozen=True)
class Line:
    """One number of the picture; ``low`` to ``high`` is its uncertainty."""

    name: str
    value: float
    low: float
    high: float
    mark: str
    colour: str
    text: str


def draw(results: "Results") -> Iterator[Drawing]:
    """One per holdout whose winner's score could be corrected, or whose truth is known."""
    for audit in results.audits:
        yield from of_audit(audit)


def of_audit(audit: Audit) -> Iterator[Drawing]:
    """The picture of one holdout, where there is something to show."""
    winner = audit.result.winner
    known = winner is not None and winner.truth is not None
    if winner is not None and (known or expected(audit.result) is not None):
        yield _dots(audit, winner)


def _lines(audit: Audit, winner: Winner) -> list[Line]:
    result, truth, new = audit.result, winner.truth, expected(audit.result)
    shown, error = winner.shown or 0.0, winner.error or 0.0
    text = with_error(winner.shown, winner.error)
    lines = [Line("shown", shown, shown - error, shown + error, "o", VALIDATION, text)]
    if new is not None:
        end = new if winner.bound95 is None else winner.bound95
        name = "expected" if winner.expected is not None else "by the hidden holdout"
        bound = f", {bound_words(result)} {noise_digits(end, result)}" if end != new else ""
        text = noise_digits(new, result) + bound
        lines.append(Line(name, new, min(new, end), max(new, end), "o", INK, text))
    if truth is not None:
        mean, spread = truth.mean, truth.error or 0.0
        text = noise_digits(mean, result)
        lines.append(Line("true", mean, mean - spread, mean + spread, "D", INK, text))
    loss, gain = result.reference_loss, result.gain
    if loss is not None and gain is not None:
        lines.append(Line(audit.name(gain.reference), loss, loss, loss, "s", NAIVE, plain(loss)))
    return lines


def _dots(audit: Audit, winner: Winner) -> Drawing:
    result, title = audit.result, score(audit.result)
    lines = _lines(audit, winner)
    figure, (axes,) = sheet(audit.label, title, 0.75 + 0.34 * len(lines))
    for y, line in enumerate(lines):
        _one(axes, y, line)
    low, high = min(line.low for line in lines), max(line.high for line in lines)
    room = (high - low) or abs(high) or 1.0
    axes.set(xlim=(low - 0.08 * room, high + 0.08 * room), ylim=(len(lines) - 0.45, -0.7))
    axes.axvline(winner.shown or 0.0, color=VALIDATION, lw=0.8, ls=(0, (1, 2)), zorder=0)
    row_labels(axes, [(y, line.name) for y, line in enumerate(lines)], [])
    axes.set_xlabel(audit.axis_label)
    caption = _caption(audit, winner)
    alt = (
        f"{title}. One row each for the {result.figure_word} that is shown, expected, true, and of "
        "the reference."
    )
    return Drawing(f"{audit.slug}_winner", figure, title, caption, alt, audit.run_ids)


def _one(axes: Axes, y: float, line: Line) -> None:
    axes.plot([line.low, line.high], [y, y], "-", color=line.colour, lw=1.4)
    if line.high > line.value:
        axes.plot(line.high, y, "|", color=line.colour, ms=9, mew=1.4)
    if line.low < line.value:
        axes.plot(line.low, y, "|", color=line.colour, ms=9, mew=1.4)
    hollow = line.mark == "D"
    axes.plot(
        line.value, y, line.mark, mfc="white" if hollow else line.colour, mec=line.colour,
        ms=6.5, mew=1.4, zorder=3,
    )  # fmt: skip
    to_the_right = line.low == line.value < line.high
    axes.annotate(
        line.text, (line.value, y), (-4 if to_the_right else 0, 7), textcoords="offset points",
        ha="left" if to_the_right else "center", size=8.5, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
    )  # fmt: skip


def _caption(audit: Audit, winner: Winner) -> str:
    result = audit.result
    best = "highest validation score" if result.more_is_better else "lowest validation loss"
    parts = [f"Chosen as the {best} among {plain(len(audit.runs))} runs."]
    if winner.error:
        parts.append(
            f"Whiskers of the shown {result.figure_word}: one standard error, which does not "
            "include the choice."
        )
    if winner.bound95 is not None:
        side, end = ("left", "lower") if result.more_is_better else ("right", "upper")
        parts.append(
            f"The line to the {side} of the expected {result.figure_word} ends at its 95 % {end} "
            "bound."
        )
    if winner.truth is not None:
        parts.append("The truth is known here because the data are simulated.")
    return " ".join(parts)
