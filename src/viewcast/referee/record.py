"""What is kept of a referee's life, and told: each submission, and all that is known at the end.

Nothing of a submission is told before the end but its one bit.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import TypeAdapter

from viewcast.base.errors import DataError
from viewcast.base.quoted import shortened
from viewcast.referee.answers import Verdict
from viewcast.referee.terms import Plan

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Submitted:
    """One submission that was counted. ``number``: from 1, the first is what gains are measured
    from; ``digest``: of its predictions; ``accepted``, ``left``: its answer; ``submitter``: whose
    token it had; ``time``: milliseconds since 1970.
    """

    number: int
    digest: str
    accepted: bool
    left: int
    submitter: str
    time: int


@dataclass(frozen=True)
class Told:
    """What could be told of a submission after closing: its gain over the first one, on the rows
    that judged (``gate``, with its standard error ``gate_error``), on the hidden rows
    (``hidden``), and on all rows together (``raw``); None where it has no finite score.
    """

    number: int
    gate: float | None
    gate_error: float | None
    hidden: float | None
    raw: float | None


@dataclass(frozen=True)
class Raw:
    """What a loop that is shown the raw score of all rows would have claimed of these submissions:
    it keeps every one that scores better than the best before. ``claim``: the gain of the best;
    ``acceptances``: how often it would have kept one; ``number``: of the best one.
    """

    claim: float
    acceptances: int
    number: int


@dataclass(frozen=True)
class Closing:
    """Everything about a referee that was closed: its plan, its verdict, every submission.

    ``deviations``: sentences, each of something that was not as planned or that weakens the verdict
    (a submitter's user could read the targets; the budget was not used up). ``closed``:
    milliseconds since 1970; ``closed_by``: the submitter, or "referee" for the command.
    """

    plan: Plan
    verdict: Verdict
    submissions: tuple[Submitted, ...]
    told: tuple[Told, ...]
    raw: Raw
    deviations: tuple[str, ...]
    closed: int
    closed_by: str

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON; ``closing_of`` reads them again."""
        return {**asdict(self), "verdict": self.verdict.plain()}


@dataclass(frozen=True)
class Status:
    """What anybody with a token may know: ``budget``, ``left``, ``submissions`` that were counted,
    ``acceptances`` after the first, whether it is ``closed``, and the ``mode``.
    """

    name: str
    metric: str
    more_is_better: bool
    rows: int
    budget: int
    left: int
    submissions: int
    acceptances: int
    closed: bool
    mode: str

    @classmethod
    def of(cls, plan: Plan, submissions: int, acceptances: int, closed: bool) -> "Status":
        """Of a plan, after so many submissions."""
        return cls(
            name=plan.name,
            metric=plan.metric,
            more_is_better=plan.more_is_better,
            rows=plan.rows,
            budget=plan.terms.budget,
            left=plan.terms.budget - submissions,
            submissions=submissions,
            acceptances=acceptances,
            closed=closed,
            mode=plan.terms.mode,
        )


class Recorder(Protocol):
    """Where submissions are told beside the journal (MLflow: ``viewcast.tracking.write.refereed``).

    Each call may come again after a crash and then changes nothing. A recorder that cannot be
    reached raises TrackingError; the referee goes on and tells it later.
    """

    def submissions(self, plan: Plan, submitted: Sequence[Submitted]) -> None:
        """The next submissions, in the order of their numbers; several after an outage."""

    def closing(self, closing: Closing) -> None:
        """The verdict, after the last submission."""


@runtime_checkable
class KnowsReaders(Protocol):
    """A recorder that knows who read rows outside of the referee."""

    def outside(self, rows: "pd.DataFrame", submitters: Collection[str]) -> list[str]:
        """Sentences on those that read some of these rows (entity, time, target) elsewhere.

        Raises TrackingError where it cannot be asked.
        """


def closing_of(plain: Any) -> Closing:
    """A closing from plain values; refuses (DataError) others."""
    try:
        verdict = {
            key: math.nan if value is None else value for key, value in plain["verdict"].items()
        }
        found: Closing = TypeAdapter(Closing).validate_python({**plain, "verdict": verdict})
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        why = shortened(" ".join(str(error).split()), 200)
        raise DataError(f"the account of a closed referee is damaged ({why})") from error
    return found
