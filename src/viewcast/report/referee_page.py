"""The page of a referee that was closed: what a guarded loop really gained, in one file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from viewcast.referee import sentences
from viewcast.referee.record import Closing
from viewcast.referee.sentences import Topic
from viewcast.referee.terms import between
from viewcast.report.figures.style import applied
from viewcast.report.picture_shelf import PictureShelf
from viewcast.report.referee_figures import claims, staircase
from viewcast.report.templates import rendered

PAGE = "page_referee.html"
LISTED = 100  # rows of a table; closing.json has all


@dataclass(frozen=True)
class Share:
    """What one submitter asked: answers, accepted ones after the first of all, and when last."""

    submitter: str
    answers: int
    taken: int
    last: str


@dataclass(frozen=True)
class Step:
    """A submission that got the bit, with what could be told of it after closing."""

    number: int
    submitter: str
    time: str
    gate: str
    hidden: str
    raw: str


def page(closing: Closing) -> str:
    """The whole page as text; it needs no network."""
    with TemporaryDirectory() as folder, applied():
        drawings = (module.drawing(closing) for module in (claims, staircase))
        shelf = PictureShelf(drawing.save(Path(folder)) for drawing in drawings)
        return rendered(PAGE, shelf, **content(closing))


def content(closing: Closing) -> dict[str, Any]:
    """Everything that the template shows but its pictures."""
    steps = list(_steps(closing))
    given, budget = len(closing.submissions), closing.plan.terms.budget
    return {
        "name": closing.plan.name,
        "finding": sentences.title(closing),
        "headline": sentences.headline(closing),
        "direction": sentences.direction(closing),
        "tiles": tiles(closing),
        "word": sentences.taken(closing),
        "exploring": sentences.worth_of_exploring(closing),
        "limits": sentences.limits(closing),
        "budget": sentences.budget(closing),
        "used": 100 * given / budget,
        "shares": shares(closing),
        "steps": steps[:LISTED],
        "left_out": max(0, len(steps) - LISTED),
        "plan": plan(closing),
        "deviations": closing.deviations,
        "closed": when(closing.closed),
        "closed_by": closing.closed_by,
    }


def tiles(closing: Closing) -> list[Topic]:
    """The figures of the headline, each with its name."""
    verdict = closing.verdict
    unit, word = closing.plan.metric, sentences.taken(closing)
    raw = sentences.figure(closing, closing.raw.claim)
    found = [Topic(f"a raw loop would claim, {unit}", raw)]
    if sentences.priced(closing):
        found = [
            Topic(f"gain on hidden rows, {unit}", sentences.figure(closing, verdict.estimate)),
            Topic(f"{sentences.confidence()} interval", sentences.interval(closing)),
            Topic(f"claim of the rows that judged, {unit}", sentences.claimed(closing)),
            *found,
        ]
    given, budget = len(closing.submissions), closing.plan.terms.budget
    return [
        *found,
        Topic("answers given", f"{given:,} of {budget:,}"),
        Topic(f"{word} after the first", f"{verdict.acceptances:,}"),
    ]


def shares(closing: Closing) -> list[Share]:
    """By submitter, who asked most first."""
    counts = Counter(one.submitter for one in closing.submissions)
    bits = Counter(one.submitter for one in closing.submissions[1:] if one.accepted)
    last = {one.submitter: when(one.time) for one in closing.submissions}
    return [Share(by, count, bits[by], last[by]) for by, count in counts.most_common()]


def plan(closing: Closing) -> list[Topic]:
    """What was fixed before the first submission."""
    of, terms = closing.plan, closing.plan.terms
    source = f" of {of.source}" if of.source else ""
    alike = (
        "each independent of the others"
        if terms.length <= 1
        else f"in blocks, alike over {terms.length:g}"
    )
    if of.cluster is not None:
        new = "entities and times" if of.cluster == "both" else of.cluster
        alike = f"of a panel, alike within a cluster ({new})"
    return [
        Topic("rows", f"{of.rows:,} rows{source}, {alike}: {of.gate:,} judged (gate rows), "
              f"{of.hidden:,} were hidden and read once, at the end{between(of)}"),
        Topic("their identity", of.holdout),
        Topic("metric", f"{of.metric}: {sentences.direction(closing)}"),
        Topic("answers", f"{terms.budget:,}, the first submission's included"),
        Topic("rule", sentences.rule(closing)),
        Topic("estimate", sentences.method(closing)),
        Topic("hash of the plan", of.hash),
    ]  # fmt: skip


def when(milliseconds: int) -> str:
    """A time in words of UTC."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _steps(closing: Closing) -> Iterator[Step]:
    for one, told in zip(closing.submissions, closing.told, strict=True):
        if one.accepted:
            yield Step(
                one.number,
                one.submitter,
                when(one.time),
                sentences.with_its_error(told.gate, told.gate_error),
                sentences.figure(closing, told.hidden),
                sentences.figure(closing, told.raw),
            )
