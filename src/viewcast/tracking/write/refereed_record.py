"""What stands in MLflow of one referee, and what is added: its run, and submissions under it."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from viewcast.base.errors import TrackingError
from viewcast.base.provenance import user
from viewcast.base.settings import digest
from viewcast.holdout.looks import Use, written
from viewcast.referee.record import Closing, Submitted
from viewcast.referee.terms import Plan
from viewcast.tracking.note_mark import signed
from viewcast.tracking.outside_readers import OutsideReader
from viewcast.tracking.referee_runs import CLOSED, FALSE, OPEN, TRUE, is_submission, submitted_of
from viewcast.tracking.store import all_runs
from viewcast.tracking.tags import (
    ACCEPTANCES,
    ACCEPTED,
    ANSWERS_LEFT,
    BATCH_ID,
    CLAIMED,
    ESTIMATE,
    ESTIMATE_HIGH,
    ESTIMATE_LOW,
    HOLDOUT,
    LEFT,
    LOOK_KEY,
    LOOK_USES,
    NOTE,
    PARENT,
    RAW_CLAIM,
    REFEREE,
    REFEREE_CLOSED_BY,
    REFEREE_CLOSING,
    REFEREE_OUTSIDE,
    REFEREE_PLAN,
    REFEREE_PLAN_FILE,
    REFEREE_STATE,
    REFEREE_VERDICT,
    RUN_KEY,
    RUN_NAME,
    SUBMISSION,
    SUBMISSION_ACCEPTED,
    SUBMITTED,
    SUBMITTER,
    USER,
)
from viewcast.tracking.write import many_runs
from viewcast.tracking.write.changed_runs import Change, change
from viewcast.tracking.write.ends import FINISHED
from viewcast.tracking.write.finished_run import FinishedRun
from viewcast.tracking.write.notes import write_run_notes
from viewcast.tracking.write.refereed_note import note, verdict_of

BIT = Use("gate", 1, 1)  # what a submission is told
HIDDEN_ROWS = Use("test", 1, 1)  # what is told at the end
LONGEST = 500  # characters of a parameter that every MLflow takes
LONGEST_NAME = 200


@dataclass
class Record:
    """What stands in the store of one referee. ``parent``: its run; ``known``: digests of the
    submissions that were told, by number; ``begun``: runs of some that were half told.
    """

    client: MlflowClient
    experiment: str
    parent: str
    closed: bool = False
    known: dict[int, str] = field(default_factory=dict)
    begun: dict[int, Run] = field(default_factory=dict)
    accepted: set[int] = field(default_factory=set)

    def acceptances(self, number: int) -> int:
        """How many were accepted after the first submission, up to this one."""
        return sum(1 < each <= number for each in self.accepted)


def record_of(client: MlflowClient, experiment: str, plan: Plan, start: int) -> Record:
    """What the store knows of a referee; its run is made where there is none."""
    runs = all_runs(client, experiment, f"tags.`{REFEREE}` = '{plan.hash}'", deleted=True)
    own = [run for run in runs if not is_submission(run)]
    if own:
        parent = min(own, key=lambda run: int(run.info.start_time))
        closed = parent.data.tags.get(REFEREE_STATE) == CLOSED and parent.info.status == FINISHED
        record = Record(client, experiment, str(parent.info.run_id), closed)
    else:
        record = Record(client, experiment, _begun(client, experiment, plan, start))
    for run in filter(is_submission, runs):
        submitted = submitted_of(run)
        if submitted.accepted:
            record.accepted.add(submitted.number)
        if run.info.status == FINISHED:
            record.known[submitted.number] = submitted.digest
        else:
            record.begun[submitted.number] = run
    return record


def _begun(client: MlflowClient, experiment: str, plan: Plan, start: int) -> str:
    name = plan.name[:LONGEST_NAME]
    tags = {
        REFEREE: plan.hash,
        REFEREE_PLAN: json.dumps(plan.plain()),
        REFEREE_STATE: OPEN,
        HOLDOUT: plan.holdout,
        RUN_KEY: plan.hash,
        RUN_NAME: name,
        NOTE: signed(note(plan)),
        USER: user(),
    }
    run_id = str(client.create_run(experiment, start, tags, name).info.run_id)
    shown = {**plan.plain(), **asdict(plan.terms)}
    del shown["terms"]
    params = [Param(key, str(value)[:LONGEST]) for key, value in shown.items() if value is not None]
    client.log_batch(run_id, params=params)
    client.log_dict(run_id, plan.plain(), REFEREE_PLAN_FILE)
    return run_id


def tell(record: Record, plan: Plan, submissions: Sequence[Submitted]) -> None:
    """Points of the referee's run first: what is written there again stands there once."""
    missing = [one for one in submissions if not _is_told(record, plan, one)]
    record.accepted |= {one.number for one in missing if one.accepted}
    points = [point for one in missing for point in _points(record, one)]
    for start in range(0, len(points), many_runs.POINTS):
        told_now = Change(record.parent, metrics=points[start : start + many_runs.POINTS])
        change(record.client, [told_now], "submissions", ours=True)
    new = [one for one in missing if one.number not in record.begun]
    many_runs.add(record.client, record.experiment, [_run(record, plan, one) for one in new])
    for one in missing:
        if one.number in record.begun:
            many_runs.complete(record.client, record.begun.pop(one.number), _run(record, plan, one))
        record.known[one.number] = one.digest


def _is_told(record: Record, plan: Plan, submitted: Submitted) -> bool:
    """Whether the store has the submission; refuses (TrackingError) one with other predictions."""
    told_before = record.known.get(submitted.number)
    if told_before not in (None, submitted.digest):
        raise TrackingError(
            f"referee {plan.name}: its submission {submitted.number} stands in MLflow with other "
            f"predictions ({told_before}, now {submitted.digest}): another referee of the same "
            "plan was told there; start this one under another name"
        )
    return told_before is not None


def _points(record: Record, submitted: Submitted) -> Iterator[Metric]:
    """The staircase and the budget, as MLflow draws them: the submission is the step."""
    number, time = submitted.number, submitted.time
    yield Metric(ACCEPTANCES, float(record.acceptances(number)), time, number)
    yield Metric(LEFT, float(submitted.left), time, number)


def _run(record: Record, plan: Plan, submitted: Submitted) -> FinishedRun:
    key = digest([plan.hash, submitted.number])
    tags = {
        REFEREE: plan.hash,
        SUBMISSION: str(submitted.number),
        SUBMITTED: submitted.digest,
        SUBMISSION_ACCEPTED: TRUE if submitted.accepted else FALSE,
        ANSWERS_LEFT: str(submitted.left),
        SUBMITTER: submitted.submitter,
        USER: submitted.submitter,
        HOLDOUT: plan.holdout,
        LOOK_KEY: key,
        LOOK_USES: written([BIT]),
        BATCH_ID: key,  # the next one is made in sight of this answer
        PARENT: record.parent,
        RUN_NAME: f"submission {submitted.number}",
    }
    time = submitted.time
    metrics = [
        Metric(ACCEPTED, float(submitted.accepted), time, 0),
        Metric(LEFT, float(submitted.left), time, 0),
    ]
    return FinishedRun(tags, time, time, FINISHED, (), metrics)


def close(record: Record, closing: Closing, outside: Sequence[OutsideReader]) -> None:
    """All but the end may stand there already; the run ends last."""
    client, verdict, time = record.client, closing.verdict, closing.closed
    client.log_dict(record.parent, closing.plan.plain(), REFEREE_PLAN_FILE)
    client.log_dict(record.parent, closing.plain(), REFEREE_CLOSING)
    if outside:
        rows = {reader.run_id: reader.rows for reader in outside}
        client.log_dict(record.parent, rows, REFEREE_OUTSIDE)
    figures = {
        ESTIMATE: verdict.estimate,
        ESTIMATE_LOW: verdict.low,
        ESTIMATE_HIGH: verdict.high,
        CLAIMED: verdict.claimed,
        RAW_CLAIM: closing.raw.claim,
    }
    tags = {
        REFEREE_VERDICT: verdict_of(closing),
        REFEREE_CLOSED_BY: closing.closed_by,
        REFEREE_STATE: CLOSED,
        LOOK_KEY: closing.plan.hash,
        LOOK_USES: written([HIDDEN_ROWS]),
        BATCH_ID: closing.plan.hash,
    }
    client.log_batch(
        record.parent,
        [Metric(name, value, time, 0) for name, value in figures.items() if math.isfinite(value)],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    parent = client.get_run(record.parent)
    write_run_notes(client, [parent], {record.parent: note(closing.plan, closing)})
    client.set_terminated(record.parent, FINISHED, time)
