"""What was gained, what the rows that judged claim, and what a raw loop claims, on one axis."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

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
from viewcast.report.referee_figures import LETTERS
from viewcast.report.screen import cut

APART = 0.75  # heights, above the highest point


class Claim(NamedTuple):
    """A gain that is claimed, and the ends of its interval where it has one."""

    name: str
    gain: float
    words: str
    colour: str
    ends: tuple[float, float] | None = None


def drawing(closing: Closing) -> Drawing:
    """The picture; where nothing was accepted the raw loop's claim stands beside none."""
    title, made = _title(closing), list(_claims(closing))
    figure, (axes,) = sheet(cut(sentences.label(closing), LETTERS), title, 0.55 + 0.4 * len(made))
    axes.axvline(0, color=MUTED, lw=0.8)
    for y, claim in enumerate(made):
        if claim.ends is not None:
            axes.plot(claim.ends, [y, y], "|-", color=claim.colour, lw=2, ms=8)
        axes.plot([claim.gain], [y], "o", color=claim.colour, ms=6.5, zorder=3)
        axes.annotate(
            claim.words, (claim.gain, y), (0, 7), textcoords="offset points", ha="center",
            va="bottom", size=8.5, color=claim.colour, zorder=4,
            bbox={"fc": "white", "ec": "none", "pad": 0.8},
        )  # fmt: skip
    row_labels(axes, [(y, claim.name) for y, claim in enumerate(made)], [])
    axes.spines["left"].set_visible(False)  # it would look like another 0
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set(
        ylim=(-0.5, len(made) - 1 + APART), xlim=_limits(made), xlabel=sentences.axis_label(closing)
    )
    caption = f"{sentences.direction(closing).capitalize()}. {_shown(closing)}"
    alt = f"{sentences.headline(closing)} Each of them is a point on one axis."
    return Drawing("referee_claims", figure, title, caption, alt, [])


def _claims(closing: Closing) -> Iterator[Claim]:
    """From below."""
    verdict, figure = closing.verdict, partial(sentences.figure, closing)
    yield Claim("raw loop", closing.raw.claim, figure(closing.raw.claim), VALIDATION)
    if verdict.acceptances:
        yield Claim("rows that judged", verdict.claimed, sentences.claimed(closing), TRAIN)
    else:
        yield Claim(f"nothing {sentences.taken(closing)}", 0.0, "no gain is claimed", INK)
    if sentences.priced(closing):
        told = f"{figure(verdict.estimate)}, {sentences.interval(closing)}"
        yield Claim("hidden rows", verdict.estimate, told, INK, (verdict.low, verdict.high))


def _title(closing: Closing) -> str:
    claim = f"a raw loop claims {sentences.figure(closing, closing.raw.claim)}"
    if not sentences.priced(closing):
        return f"No gain is claimed; {claim}"
    return f"{sentences.title(closing)}; {claim}"


def _shown(closing: Closing) -> str:
    raw = (
        "Raw loop: the best score of all submissions on all rows; no error makes it honest, "
        "because it was chosen."
    )
    if not sentences.priced(closing):
        return raw
    return (
        f"Hidden rows: the estimate with its {sentences.confidence()} interval, from "
        f"{closing.plan.hidden:,} rows that entered no answer. Rows that judged "
        f"({closing.plan.gate:,}): they chose, so their claim (± standard error) can flatter. {raw}"
    )


def _limits(claims: Sequence[Claim]) -> tuple[float, float]:
    """Room at both ends for what is written over the points."""
    ends = [0.0, *(claim.gain for claim in claims), *(e for c in claims for e in c.ends or ())]
    low, high = min(ends), max(ends)
    room = 0.18 * ((high - low) or 1.0)
    return low - room, high + room
