"""The runs of a referee: which they are, and what their tags tell of plan and submissions."""

from mlflow.entities import Run

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.parse import json_of
from viewcast.base.quoted import quoted
from viewcast.base.settings import construct
from viewcast.referee.record import Submitted
from viewcast.referee.terms import Plan
from viewcast.tracking.tags import (
    ANSWERS_LEFT,
    REFEREE,
    REFEREE_PLAN,
    SUBMISSION,
    SUBMISSION_ACCEPTED,
    SUBMITTED,
    SUBMITTER,
)

OPEN, CLOSED = "open", "closed"  # states of a referee
TRUE, FALSE = "true", "false"


def is_refereed(run: Run) -> bool:
    """Whether a run is that of a referee or of a submission to one: none of them has a score."""
    return REFEREE in run.data.tags


def is_submission(run: Run) -> bool:
    """Whether a run is that of a submission."""
    return SUBMISSION in run.data.tags


def plan_of(run: Run) -> Plan:
    """The plan that a referee's run tells; refuses (DataError) one that is damaged."""
    tags = run.data.tags
    try:
        given = json_of(tags[REFEREE_PLAN])
        plan: Plan = construct(Plan, given, REFEREE_PLAN)
    except (KeyError, ValueError, TypeError, ConfigError) as error:
        raise _damaged(run, REFEREE_PLAN, "the plan of a referee as JSON") from error
    if plan.hash != tags.get(REFEREE):
        raise _damaged(run, REFEREE_PLAN, f"the plan whose hash is {tags.get(REFEREE)}")
    return plan


def submitted_of(run: Run) -> Submitted:
    """A submission as its run tells it; refuses (DataError) tags that are damaged."""
    tags = run.data.tags
    counts = {}
    for name in (SUBMISSION, ANSWERS_LEFT):
        if not tags.get(name, "").isdecimal():
            raise _damaged(run, name, "a whole number")
        counts[name] = int(tags[name])
    if tags.get(SUBMISSION_ACCEPTED) not in (TRUE, FALSE):
        raise _damaged(run, SUBMISSION_ACCEPTED, f"{TRUE} or {FALSE}")
    return Submitted(
        number=counts[SUBMISSION],
        digest=tags.get(SUBMITTED, ""),
        accepted=tags[SUBMISSION_ACCEPTED] == TRUE,
        left=counts[ANSWERS_LEFT],
        submitter=tags.get(SUBMITTER, "unknown"),
        time=int(run.info.start_time or 0),
    )


def _damaged(run: Run, tag: str, expected: str) -> DataError:
    found = run.data.tags.get(tag)
    told = "missing" if found is None else quoted(found)
    return DataError(
        f"run {run.info.run_id} ({run.info.run_name}): tag {tag} = {told}: expected {expected}; "
        "somebody has changed it: delete the run, the referee tells it again"
    )
