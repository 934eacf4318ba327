"""A referee in MLflow: a run of its own, and under it one run for each submission.

A submission's run is a look at the rows, and holds its one bit: whether it was accepted, and what
is left. No score of any kind is told before the referee is closed, and no row is named: the hash of
a row tells its target to whoever can guess it.

The runs are known again by the hash of the plan and the number of the submission, so that whatever
was told is told once. The journal of the referee is the truth: where this record breaks off it goes
on later.
"""

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import RLock

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from viewcast.base.errors import TrackingError
from viewcast.base.provenance import user
from viewcast.base.settings import Tracking, digest
from viewcast.holdout.looks import Use, written
from viewcast.referee.record import Closing, Submitted
from viewcast.referee.terms import Plan
from viewcast.tracking.answers import FAILURES, told
from viewcast.tracking.note_mark import signed
from viewcast.tracking.referee_runs import CLOSED, FALSE, OPEN, TRUE, is_submission, submitted_of
from viewcast.tracking.store import KIND, SQLITE, all_experiments, all_runs, connect_to, reach
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
class _Record:
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


class RefereeRuns:
    """Tells an MLflow store of referees (``viewcast.referee.record.Recorder``).

    ``uri``: of the store; ``experiment``: its name, made where there is none; ``artifacts``: where
    the artifacts of a new one lie (uri), by default where MLflow puts them. The store is asked when
    there is something to tell, not before. Threads may share it.

    Every call raises TrackingError where the store gives no answer, and may then be made again.
    """

    def __init__(self, uri: str, experiment: str, artifacts: str | None = None) -> None:
        self.uri, self.experiment, self.artifacts = uri, experiment, artifacts
        self._client: MlflowClient | None = None
        self._records: dict[str, _Record] = {}
        self._lock = RLock()

    def begin(self, plan: Plan, time: int) -> str:
        """The id of the referee's run, made where there is none. ``time``: when it began, in
        milliseconds since 1970.
        """
        with self._telling():
            return self._record(plan, time).parent

    def submission(self, plan: Plan, submitted: Submitted) -> None:
        """Tell of one submission; one that was told is left alone."""
        with self._telling():
            record = self._record(plan, submitted.time)
            _tell(record, plan, [submitted])

    def closing(self, closing: Closing) -> None:
        """Tell the verdict, and all submissions that are missing; a second call changes nothing."""
        with self._telling():
            start = min((one.time for one in closing.submissions), default=closing.closed)
            record = self._record(closing.plan, start)
            if record.closed:
                return
            _tell(record, closing.plan, closing.submissions)
            _close(record, closing)
            record.closed = True

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """One thread at a time; after a failure nothing is taken for known any more."""
        with self._lock:
            try:
                yield
            except (*FAILURES, sqlite3.Error) as error:
                self._records.clear()
                self._client = None
                raise TrackingError(
                    f"tracking.uri = {self.uri}: the referee is not recorded there: "
                    f"{told(error, self.uri)}. It goes on, and tells it later"
                ) from error
            except BaseException:
                self._records.clear()
                raise

    def _record(self, plan: Plan, start: int) -> _Record:
        if plan.hash not in self._records:
            client = self._connected()
            experiment = self._experiment(client)
            self._records[plan.hash] = _record(client, experiment, plan, start)
        return self._records[plan.hash]

    def _connected(self) -> MlflowClient:
        if self._client is None:
            self._client = reach(Tracking(self.uri, None, self.experiment, 0.0))
        return self._client

    def _experiment(self, client: MlflowClient) -> str:
        found = client.get_experiment_by_name(self.experiment)
        if found is None:
            return str(client.create_experiment(self.experiment, self.artifacts, KIND))
        if found.lifecycle_stage == "deleted":
            raise TrackingError(
                f"experiment {self.experiment} is deleted, and its name is taken; bring it back by "
                f"`mlflow experiments restore -x {found.experiment_id}`, or choose another one"
            )
        return str(found.experiment_id)


def _record(client: MlflowClient, experiment: str, plan: Plan, start: int) -> _Record:
    """What the store knows of a referee; its run is made where there is none."""
    runs = all_runs(client, experiment, f"tags.`{REFEREE}` = '{plan.hash}'", deleted=True)
    own = [run for run in runs if not is_submission(run)]
    if own:
        parent = min(own, key=lambda run: int(run.info.start_time))
        closed = parent.data.tags.get(REFEREE_STATE) == CLOSED and parent.info.status == FINISHED
        record = _Record(client, experiment, str(parent.info.run_id), closed)
    else:
        record = _Record(client, experiment, _begun(client, experiment, plan, start))
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


def _tell(record: _Record, plan: Plan, submissions: Sequence[Submitted]) -> None:
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


def _is_told(record: _Record, plan: Plan, submitted: Submitted) -> bool:
    """Whether the store has the submission; refuses (TrackingError) one with other predictions."""
    told_before = record.known.get(submitted.number)
    if told_before not in (None, submitted.digest):
        raise TrackingError(
            f"referee {plan.name}: its submission {submitted.number} stands in MLflow with other "
            f"predictions ({told_before}, now {submitted.digest}): another referee of the same "
            "plan was told there; start this one under another name"
        )
    return told_before is not None


def _points(record: _Record, submitted: Submitted) -> Iterator[Metric]:
    """The staircase and the budget, as MLflow draws them: the submission is the step."""
    number, time = submitted.number, submitted.time
    yield Metric(ACCEPTANCES, float(record.acceptances(number)), time, number)
    yield Metric(LEFT, float(submitted.left), time, number)


def _run(record: _Record, plan: Plan, submitted: Submitted) -> FinishedRun:
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


def _close(record: _Record, closing: Closing) -> None:
    """All but the end may stand there already; the run ends last."""
    client, verdict, time = record.client, closing.verdict, closing.closed
    client.log_dict(record.parent, closing.plan.plain(), REFEREE_PLAN_FILE)
    client.log_dict(record.parent, closing.plain(), REFEREE_CLOSING)
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


def used_up(uri: str, holdout: str) -> str | None:
    """The name of a referee that has read the hidden part of these rows, None without.

    ``holdout``: the identity of the rows (``Plan.holdout``). Any experiment of the store is asked,
    deleted runs too. Raises TrackingError where the store gives no answer.
    """
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).is_file():
        return None
    client = connect_to(uri)
    try:
        runs = all_runs(
            client,
            all_experiments(client),
            f"tags.`{REFEREE_STATE}` = '{CLOSED}' and tags.`{HOLDOUT}` = '{holdout}'",
            deleted=True,
        )
    except FAILURES as error:
        raise TrackingError(f"tracking.uri = {uri}: {told(error, uri)}") from error
    first = min(runs, key=lambda run: int(run.info.start_time), default=None)
    return None if first is None else str(first.info.run_name)
