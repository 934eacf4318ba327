"""A referee in MLflow: a run of its own, and under it one run for each submission.

A submission's run is a look at the rows, and holds its one bit: whether it was accepted, and what
is left. No score of any kind is told before the referee is closed, and no row is named: the hash of
a row tells its target to whoever can guess it.

The runs are known again by the hash of the plan and the number of the submission, so that whatever
was told is told once. The journal of the referee is the truth: where this record breaks off it goes
on later.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

import pandas as pd
from mlflow import MlflowClient

from viewcast.base.errors import TrackingError
from viewcast.base.settings import Tracking
from viewcast.referee.record import Closing, Submitted
from viewcast.referee.terms import Plan
from viewcast.tracking import first_use
from viewcast.tracking.answers import FAILURES, told
from viewcast.tracking.experiments import REFEREES, create
from viewcast.tracking.outside_readers import OutsideReader, outside_readers, sentence_on
from viewcast.tracking.patience import first
from viewcast.tracking.referee_runs import CLOSED
from viewcast.tracking.store import KIND, SQLITE, all_experiments, all_runs, connect_to, reach
from viewcast.tracking.tags import HOLDOUT, PART, REFEREE_STATE
from viewcast.tracking.within import within
from viewcast.tracking.write.refereed_record import Record, close, record_of, tell

PATIENT_SECONDS = 20.0


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
        self._records: dict[str, Record] = {}
        self._outside: list[OutsideReader] = []
        self._lock = RLock()

    def begin(self, plan: Plan, time: int) -> str:
        """The id of the referee's run, made where there is none. ``time``: when it began, in
        milliseconds since 1970.
        """
        with self._telling():
            return self._record(plan, time).parent

    def submissions(self, plan: Plan, submitted: Sequence[Submitted]) -> None:
        """Tell of some submissions; those that were told are left alone."""
        with self._telling():
            tell(self._record(plan, min(one.time for one in submitted)), plan, submitted)

    def closing(self, closing: Closing) -> None:
        """Tell the verdict, and all submissions that are missing; a second call changes nothing."""
        with self._telling():
            start = min((one.time for one in closing.submissions), default=closing.closed)
            record = self._record(closing.plan, start)
            if record.closed:
                return
            tell(record, closing.plan, closing.submissions)
            close(record, closing, self._outside)
            record.closed = True

    def outside(self, rows: pd.DataFrame, submitters: Collection[str]) -> list[str]:
        """See ``viewcast.tracking.outside_readers``; closing waits for it so many seconds."""
        try:
            if _is_new(self.uri):
                return []
            found = within(PATIENT_SECONDS, lambda: outside_readers(connect_to(self.uri), rows))
        except (*FAILURES, sqlite3.Error) as error:
            raise TrackingError(f"tracking.uri = {self.uri}: {told(error, self.uri)}") from error
        self._outside = found
        return [sentence_on(found, submitters)] if found else []

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

    def _record(self, plan: Plan, start: int) -> Record:
        if plan.hash not in self._records:
            client = self._connected()
            experiment = self._experiment(client)
            self._records[plan.hash] = record_of(client, experiment, plan, start)
        return self._records[plan.hash]

    def _connected(self) -> MlflowClient:
        if self._client is None:
            self._client = reach(Tracking(self.uri, None, self.experiment, 0.0))
        return self._client

    def _experiment(self, client: MlflowClient) -> str:
        found = client.get_experiment_by_name(self.experiment)
        if found is None:
            made = create(client, self.experiment, self.artifacts, {**KIND, PART: REFEREES})
            return self._experiment(client) if made is None else made
        if found.lifecycle_stage == "deleted":
            raise TrackingError(
                f"experiment {self.experiment} is deleted, and its name is taken; bring it back by "
                f"`mlflow experiments restore -x {found.experiment_id}`, or choose another one"
            )
        return str(found.experiment_id)


def used_up(uri: str, holdout: str) -> str | None:
    """The name of a referee that has read the hidden part of these rows, None without.

    ``holdout``: the identity of the rows (``Plan.holdout``). Any experiment of the store is asked,
    deleted runs too. Raises TrackingError where the store gives no answer.
    """
    try:
        if _is_new(uri):
            return None
        client = connect_to(uri)
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


def _is_new(uri: str) -> bool:
    """Whether nothing was ever written to a store; raises OSError for a database without answer."""
    if first_use.is_database(uri):
        return first(lambda: first_use.tables(uri)).version is None
    return uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).is_file()
