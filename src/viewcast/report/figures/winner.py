"""The winner of a choice: the loss it shows, the one to expect, its bound, and the truth."""

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.audits import Audit
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    NAIVE,
    VALIDATION,
    Drawing,
    loss_label,
    row_labels,
    sheet,
)


@dataclass(frozen=True)
class Line:
    """One number of the picture: what reaches from ``low`` to ``high`` is its uncertainty."""

    name: str
    value: float
    low: float
    high: float
    mark: str
    colour: str
    text: str


def draw(results: Results) -> Iterator[Drawing]:
    """One per holdout whose winner's score could be corrected, or whose truth is known."""
    for audit in results.audits:
        winner = audit["winner"]
        if winner is not None and (_corrected(audit) is not None or winner["truth"] is not None):
            yield _dots(audit)


def _corrected(audit: Audit) -> float | None:
    """The loss to expect: from the rows themselves, else from the hidden holdout."""
    expected: float | None = audit["winner"]["expected"]
    if expected is None and audit["hidden_holdout"] is not None:
        expected = audit["hidden_holdout"]["estimate"]
    return expected


def _title(audit: Audit) -> str:
    winner, expected = audit["winner"], _corrected(audit)
    title = f"“{audit.name(winner['name'])}” shows {plain(winner['shown'])}"
    new = audit.rows_word
    if expected is not None:
        title += f"; on new {new} expect {plain(expected)}"
        if winner["upper95"] is not None:
            title += f", with 95 % confidence less than {plain(winner['upper95'])}"
    if winner["truth"] is not None:
        joint = ". " if expected is not None else "; "
        title += f"{joint}{'In' if joint == '. ' else 'in'} truth it is "
        title += plain(winner["truth"]["mean"])
    return title


def _lines(audit: Audit) -> list[Line]:
    winner, truth = audit["winner"], audit["winner"]["truth"]
    shown, error = winner["shown"], winner["error"] or 0.0
    told = plain(shown) + (f" ± {plain(error, 2)}" if error else "")
    lines = [Line("shown", shown, shown - error, shown + error, "o", VALIDATION, told)]
    expected = _corrected(audit)
    if expected is not None:
        upper = winner["upper95"]
        by = "expected" if winner["expected"] is not None else "by the hidden_holdout"
        text = plain(expected) + (f", 95 % below {plain(upper)}" if upper is not None else "")
        lines.append(Line(by, expected, expected, upper or expected, "o", INK, text))
    if truth is not None:
        mean, spread = truth["mean"], truth["error"] or 0.0
        lines.append(Line("true", mean, mean - spread, mean + spread, "D", INK, plain(mean)))
    if audit.naive is not None:
        name = audit.name(str(audit["gain"]["reference"]))
        value = audit.naive
        lines.append(Line(name, value, value, value, "s", NAIVE, plain(value)))
    return lines


def _dots(audit: Audit) -> Drawing:
    title = _title(audit)
    lines = _lines(audit)
    figure, (axes,) = sheet(audit["label"], title, 0.75 + 0.34 * len(lines))
    for y, line in enumerate(lines):
        _one(axes, y, line)
    low, high = min(line.low for line in lines), max(line.high for line in lines)
    room = (high - low) or abs(high) or 1.0
    axes.set(xlim=(low - 0.08 * room, high + 0.08 * room), ylim=(len(lines) - 0.45, -0.7))
    axes.axvline(audit["winner"]["shown"], color=VALIDATION, lw=0.8, ls=(0, (1, 2)), zorder=0)
    row_labels(axes, [(y, line.name) for y, line in enumerate(lines)], [])
    axes.set_xlabel(loss_label(audit))
    caption = _caption(audit)
    alt = f"{title}. One row each for the loss that is shown, expected, true, and naive."
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


def _caption(audit: Audit) -> str:
    winner = audit["winner"]
    parts = [f"Chosen as the lowest validation loss among {plain(len(audit.runs))} runs."]
    if winner["error"]:
        parts.append("Whiskers of the shown loss: one standard error, which knows of no choosing.")
    if winner["upper95"] is not None:
        parts.append("The line to the right of the expected loss ends at its 95 % upper bound.")
    if winner["truth"] is not None:
        parts.append("The truth is known here because the data are simulated.")
    return " ".join(parts)
