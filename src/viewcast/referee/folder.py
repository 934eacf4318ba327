"""A referee that lives in a folder: what it was asked and answered outlives any crash.

The folder belongs to the referee's user alone (mode 0700)::

    plan.json        the terms, written before the first submission; its hash is in every record
    rows.parquet     keys and targets (mode 0600)
    journal.jsonl    one line for each counted submission, each with the hash of the line before
    predictions/     of every submission, named by digest
    tokens/          one file for each submitter (mode 0600)
    address          where it is heard at present
    closing.json     the verdict, when it is closed
"""

from pathlib import Path
from typing import Any

from viewcast.referee.answers import Answer
from viewcast.referee.record import Closing, Recorder, Status
from viewcast.referee.terms import Plan, Terms


class RefereeFolder:
    """A referee in a folder. Only one process has it at a time (a lock)."""

    plan: Plan

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
        cluster: str | None = None,
        recorder: Recorder | None = None,
    ) -> "RefereeFolder":
        """Make the folder from a table of validation rows (Parquet or CSV), or go on with one whose
        plan is the same. Refuses (ConfigError) a plan that differs, key by key.
        """
        raise NotImplementedError

    @classmethod
    def open(cls, folder: Path, recorder: Recorder | None = None) -> "RefereeFolder":
        """Go on with a folder."""
        raise NotImplementedError

    def submit(self, predictions: Any, submitter: str) -> Answer:
        """Judge, write down, wait until it is on the disk, answer.

        ``predictions``: a frame with the key columns of the rows and ``prediction`` or
        ``probability_<class>`` columns, in any order of rows; or an array in the order of the
        table. May be called by several threads.
        """
        raise NotImplementedError

    def status(self) -> Status:
        """What anybody with a token may know."""
        raise NotImplementedError

    def close(self, by: str) -> Closing:
        """Read the hidden rows, write the verdict, seal; a second call gives what was written."""
        raise NotImplementedError
