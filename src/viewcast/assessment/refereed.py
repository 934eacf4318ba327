"""What an audit says of a referee: its plan, what was asked of it, and its verdict as their price.

A submission has no score. Until the referee is closed, nothing has a price.
"""

from collections.abc import Sequence

from pydantic.dataclasses import dataclass

from viewcast.assessment.figure import CONFIG, Figure
from viewcast.referee.record import Closing, Submitted
from viewcast.referee.terms import Plan


@dataclass(frozen=True, config=CONFIG)
class RawReader:
    """A run that read rows of a referee outside of it.

    ``scores``: how many it was shown; ``rows``: how many of the referee's rows they are of, None
    where it is all. ``submitter``: whether its user has submitted to the referee as well.
    """

    run_id: str
    name: str
    user: str
    scores: int
    rows: int | None
    submitter: bool


@dataclass(frozen=True, config=CONFIG)
class RefereedGain:
    """The verdict: gains over the first submission in the unit of the metric, more is better.

    ``estimate``, ``low``, ``high``: from the hidden rows; ``claimed``: on the rows that judged;
    ``raw``: what a loop that is shown the raw score of all rows would have claimed, which would
    have kept ``raw_acceptances``. None where a submission has no finite score on these rows.
    """

    estimate: Figure
    low: Figure
    high: Figure
    claimed: Figure
    raw: Figure
    raw_acceptances: int


@dataclass(frozen=True, config=CONFIG)
class Refereed:
    """A referee and its submissions.

    ``run_id``: of MLflow; in the project's file its key. ``plan_hash``: the identity of ``plan``.
    ``submissions``: how many were answered; ``accepted``: numbers of those that were accepted after
    the first; ``by_submitter``: how many each made, the most first. ``gain``: None while it is open
    and no price is known. ``closed``: ISO 8601, UTC. ``deviations``: sentences, of what was not as
    planned or weakens the verdict. ``verdict``, ``sentences``: in words
    (``viewcast.assessment.refereed_sentences``).
    """

    run_id: str
    experiment: str
    plan: Plan
    plan_hash: str
    submissions: int
    accepted: tuple[int, ...]
    left: int
    by_submitter: dict[str, int]
    gain: RefereedGain | None
    closed: str | None
    closed_by: str | None
    deviations: tuple[str, ...]
    raw_readers: tuple[RawReader, ...]
    verdict: str = ""
    sentences: tuple[str, ...] = ()


def by_submitter(submissions: Sequence[Submitted]) -> dict[str, int]:
    """How many of these each submitter made, the most first, equal ones by name."""
    counts: dict[str, int] = {}
    for one in submissions:
        counts[one.submitter] = counts.get(one.submitter, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def acceptances(submissions: Sequence[Submitted]) -> tuple[int, ...]:
    """The numbers of those that were accepted after the first."""
    return tuple(one.number for one in submissions if one.accepted and one.number > 1)


def gain_of(closing: Closing) -> RefereedGain:
    """The verdict of a closed referee, with what a loop that sees scores would have claimed."""
    verdict, raw = closing.verdict, closing.raw
    return RefereedGain(
        verdict.estimate, verdict.low, verdict.high, verdict.claimed, raw.claim, raw.acceptances
    )
