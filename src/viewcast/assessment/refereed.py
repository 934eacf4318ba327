"""What an audit knows of a referee: its plan, its submissions, and, once it is closed, its verdict.

A submission has no score; the price of all of them is the verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viewcast.referee.record import Closing, Submitted
from viewcast.referee.terms import Plan


@dataclass(frozen=True)
class RawReader:
    """A run that read rows of a referee outside of it.

    ``scores``: how many of them it was shown. ``same``: whether every row is shared, else some are.
    ``submitter``: whether its user is one of the referee's submitters.
    """

    run_id: str
    name: str
    experiment: str
    user: str
    scores: int
    same: bool
    submitter: bool


@dataclass(frozen=True)
class Refereed:
    """A referee as its runs tell it. ``submissions``: by number. ``closing``: None while it is
    open. ``raw_readers``: the runs that read its rows elsewhere, by time.
    """

    run_id: str
    experiment: str
    plan: Plan
    submissions: tuple[Submitted, ...]
    closing: Closing | None = None
    raw_readers: tuple[RawReader, ...] = ()

    @property
    def acceptances(self) -> int:
        """After the first submission."""
        return sum(one.accepted for one in self.submissions[1:])

    @property
    def left(self) -> int:
        """Answers that are left."""
        return self.submissions[-1].left if self.submissions else self.plan.terms.budget

    @property
    def by_submitter(self) -> dict[str, int]:
        """How many submissions each submitter made, the most first."""
        return counted(self.submissions)

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        raise NotImplementedError


def counted(submissions: Sequence[Submitted]) -> dict[str, int]:
    """How many of these each submitter made, the most first, equal ones by name."""
    counts: dict[str, int] = {}
    for one in submissions:
        counts[one.submitter] = counts.get(one.submitter, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
