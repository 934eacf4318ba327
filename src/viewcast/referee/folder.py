"""A referee that lives in a folder: what it was asked and answered outlives any crash.

The folder belongs to the referee's user alone (mode 0700)::

    plan.json        the terms, written before the first submission; its hash is in every record
    rows.parquet     keys and targets (mode 0600)
    journal.jsonl    a line for each counted submission, each with a hash of it and the one before
    predictions/     of every submission, named by digest
    tokens/          one file for each submitter (mode 0600)
    address          where it is heard at present
    told.json        how much the recorder has heard
    closing.json     the verdict, when it is closed

A submission is checked and decided on, its predictions are written, then a line of the journal;
only then does anybody hear the answer. A crash before the line: it was not counted. A crash after
it: the same predictions get the same answer.
"""

import threading
import time as clock
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from viewcast.base.errors import DataError
from viewcast.referee import journal_lines
from viewcast.referee.answers import Answer, ClosedError
from viewcast.referee.closing import account, refuse_none, sealed, written
from viewcast.referee.journal import BACKUP, Journal
from viewcast.referee.kept_predictions import KeptPredictions
from viewcast.referee.lock import Lock
from viewcast.referee.predictions import Order
from viewcast.referee.record import Closing, KnowsReaders, Recorder, Status, Submitted
from viewcast.referee.referee import digest_of
from viewcast.referee.row_file import Columns, Rows
from viewcast.referee.start import (
    CLOSED,
    JOURNAL,
    LOCK,
    PREDICTIONS,
    ROWS,
    TOLD,
    USED_UP,
    columns_of,
    made,
    made_private,
    plan_of,
    referee_of,
    refuse_lost_journal,
    write_json_privately,
)
from viewcast.referee.telling import Telling
from viewcast.referee.terms import Plan, Terms
from viewcast.selection.clusters import Cluster


class RefereeFolder:
    """A referee in a folder. Only one process has it at a time (a lock), until ``stop``."""

    plan: Plan

    def __init__(self, folder: Path, lock: Lock, recorder: Recorder | None) -> None:
        """By ``start`` and ``open``: the ``lock`` of the folder is held."""
        self.folder, self._lock = folder, lock
        self.plan = plan_of(folder)
        rows = Rows.stored(folder / ROWS)
        self._referee = referee_of(folder, self.plan, rows)
        self._rows, self._recorder = rows, recorder
        self._order = Order(rows, columns_of(self.plan))
        self._kept = KeptPredictions(folder / PREDICTIONS)
        self._turn = threading.Lock()
        self._told = journal_lines.Told()
        self._closing = written(folder / CLOSED)
        self._whole = True  # whether memory and journal tell the same
        self._telling: Telling | None = None
        refuse_lost_journal(folder)
        self._journal, lines = Journal.open(folder / JOURNAL, self.plan.hash)
        try:
            self._replay(lines)
            self._journal.mend()
            for sentence in made_private(folder):
                self.note(sentence)
        except BaseException:
            self._journal.close()
            raise
        if recorder is not None:
            told = folder / TOLD
            self._telling = Telling(recorder, self.plan, self._told.submissions, told)
            self._telling.wake(self._closing)

    @classmethod
    def start(
        cls,
        folder: Path,
        rows: Path,
        target: str,
        metric: str,
        terms: Terms,
        *,
        name: str | None = None,
        key: str | None = None,
        time: str | None = None,
        entity: str | None = None,
        cluster: Cluster | None = None,
        recorder: Recorder | None = None,
    ) -> "RefereeFolder":
        """Make the folder from a table of validation rows (Parquet or CSV), or go on with one whose
        plan is the same.

        ``key``, ``time``, ``entity``: columns that name a row; without them its place does. Refuses
        (ConfigError) a plan that differs, key by key, and a folder that is not a referee's;
        (DataError) rows that cannot judge; (ClosedError) rows that are used up. Raises LockedError
        where another process has the folder.
        """
        columns = Columns(target, key, time, entity)
        lock = made(folder, rows, columns, metric, terms, name, cluster)
        opened = _opened(lock, folder, recorder)
        if opened.is_closed:
            opened.stop()
            raise ClosedError(USED_UP)
        return opened

    @classmethod
    def open(cls, folder: Path, recorder: Recorder | None = None) -> "RefereeFolder":
        """Go on with a folder. Raises DataError where it is none of a referee, or not as it was
        written; LockedError where another process has it.
        """
        plan_of(folder)
        return _opened(Lock.of(folder / LOCK), folder, recorder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def submit(self, predictions: Any, submitter: str) -> Answer:
        """Judge, write down, wait until it is on the disk, answer.

        ``predictions``: a frame with the key columns of the rows and ``prediction`` or
        ``probability_<class>`` columns, in any order of rows; or an array in the order of the
        table. May be called by several threads.

        Raises RefusedError, SpentError, ClosedError; nothing is counted then.
        """
        self._refuse_closed()
        given = self._referee.checked(self._order.of(predictions))
        with self._turn:
            self._refuse_closed()
            known = self._referee.known(given)
            if known is not None:
                return known
            taken, left = self._referee.decide(given), self._referee.left - 1
            number = len(self._told.submissions) + 1
            submitted = Submitted(number, digest_of(given), taken, left, submitter, _now())
            self._kept.write(given)
            line = journal_lines.submission(submitted)
            self._append(line)
            answer = self._referee.record(given, taken)
            self._told.take(line)
            self._whole = True
        if self._telling is not None:
            self._telling.wake()
        return answer

    def status(self) -> Status:
        """What anybody with a token may know."""
        count, acceptances = len(self._told.submissions), self._referee.acceptances
        return Status.of(self.plan, count, acceptances, self.is_closed)

    def note(self, sentence: str) -> None:
        """Write down what weakens the verdict, once: it is told with it. After closing it is late,
        and nothing is written.
        """
        with self._turn:
            if sentence in self._told.notes or self.is_closed:
                return
            self._write_down(journal_lines.note(sentence, _now()))

    def close(self, by: str) -> Closing:
        """Read the hidden rows, write the verdict, seal; a second call gives what was written.

        ``by``: the submitter, or "referee". That it closes is on the disk before a hidden row is
        read, and what it says depends on the folder alone: a call that was killed is completed by
        the next one. Raises DataError where nothing was submitted, or predictions are not as they
        were written.
        """
        self._note_readers()
        with self._turn:
            if self._closing is None:
                refuse_none(self._told.submissions)
                for each in self._told.submissions:  # as long as it can still be put right
                    self._kept.read(each.digest)
                if not self.is_closed:
                    self._write_down(journal_lines.closing(by, _now()))
                closing = account(
                    self.plan,
                    self._referee,
                    self._told.submissions,
                    self._kept.read,
                    self._told.notes,
                    *self._told.end(),
                )
                write_json_privately(self.folder / CLOSED, sealed(closing))
                self._closing = closing
        if self._telling is not None:
            self._telling.wake(self._closing)
        return self._closing

    def _note_readers(self) -> None:
        """Who read these rows elsewhere, as far as the recorder knows: that weakens the verdict."""
        asked = self._told.submissions
        if self.is_closed or not asked or not isinstance(self._recorder, KnowsReaders):
            return
        submitters = {each.submitter for each in asked}
        try:
            told = self._recorder.outside(self._rows.frame, submitters)
        except Exception:  # noqa: BLE001 - a recorder's fault ends no referee
            told = ["nobody knows who else read these rows: the store of runs gave no answer"]
        for sentence in told:
            self.note(sentence)

    def flush(self, seconds: float | None = None) -> str | None:
        """Wait until the recorder has heard all, or cannot be reached; why it cannot, in words."""
        return None if self._telling is None else self._telling.flush(seconds)

    def stop(self, seconds: float | None = None) -> str | None:
        """As ``flush``; then let another process have the folder."""
        trouble = None if self._telling is None else self._telling.stop(seconds)
        self._telling = None
        with self._turn:
            self._journal.close()
            self._lock.release()
        return trouble

    @property
    def is_closed(self) -> bool:
        """Whether closing has begun: the hidden rows are used up."""
        return self._told.closing is not None

    def _refuse_closed(self) -> None:
        if self.is_closed:
            raise ClosedError(USED_UP)

    def _write_down(self, line: dict[str, Any]) -> None:
        self._append(line)
        self._told.take(line)
        self._whole = True

    def _append(self, entry: dict[str, Any]) -> None:
        """Write a line; until ``_whole`` is set again, memory does not tell what was written."""
        if not self._whole:
            raise DataError(
                f"{self._journal.path}: writing was broken off; start the referee again, and it "
                "goes on with what is on the disk"
            )
        self._whole, last = False, self._journal.last
        try:
            self._journal.append(entry)
        except BaseException:
            self._whole = self._journal.is_open and self._journal.last == last  # taken back
            raise

    def _replay(self, lines: Iterable[dict[str, Any]]) -> None:
        for number, line in enumerate(lines, start=1):
            try:
                submitted = self._told.take(line)
                if submitted is not None:
                    self._count(submitted)
            except (ValueError, TypeError, LookupError) as error:
                raise DataError(
                    f"{self._journal.path}, line {number}: is damaged ({error}); {BACKUP}"
                ) from error
        if self._closing is not None and not self.is_closed:
            raise DataError(f"{self._journal.path}: lacks the line of the closing; {BACKUP}")

    def _count(self, submitted: Submitted) -> None:
        self._kept.path(submitted.digest)
        if submitted.accepted:
            self._referee.record(self._kept.read(submitted.digest), True)
        else:
            self._referee.count(submitted.digest, False)


def _opened(lock: Lock, folder: Path, recorder: Recorder | None) -> RefereeFolder:
    try:
        return RefereeFolder(folder, lock, recorder)
    except BaseException:
        lock.release()
        raise


def _now() -> int:
    """Milliseconds since 1970."""
    return int(clock.time() * 1000)
