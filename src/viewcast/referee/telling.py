"""A recorder is told what happened, in order, beside the referee's answers: none waits for it."""

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

from viewcast.base.errors import TrackingError
from viewcast.base.files import read_json, write_json
from viewcast.referee.record import Closing, Recorder, Submitted
from viewcast.referee.terms import Plan

CLOSING = "closing"
SUBMISSIONS = "submissions"
TOGETHER = 100  # submissions in one call, where so many were not heard


class Telling:
    """A thread that tells a ``recorder`` every submission and the closing, in order.

    ``submissions``: the referee's own list, which grows. ``file``: how many were told, so that a
    restart goes on there; without it, or with more than there are, all are told again, which
    changes nothing. What a recorder that cannot be reached has not heard it is told with the next
    submission, and at the end, many submissions in one call.
    """

    def __init__(
        self, recorder: Recorder, plan: Plan, submissions: Sequence[Submitted], file: Path
    ) -> None:
        self._recorder, self._plan, self._submissions, self._file = (
            recorder, plan, submissions, file,
        )  # fmt: skip
        self._closing: Closing | None = None
        self._told = {SUBMISSIONS: 0, CLOSING: 0}
        with contextlib.suppress(Exception):
            known = read_json(file, "")
            most = {SUBMISSIONS: len(submissions), CLOSING: 1}
            told = {key: int(known[key]) for key in most}
            if all(0 <= told[key] <= most[key] for key in most):
                self._told = told
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._stopping = False
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name="referee's record", daemon=True)
        self._thread.start()

    def wake(self, closing: Closing | None = None) -> None:
        """There is something new to tell."""
        with self._changed:
            self._closing = closing or self._closing
            self._asked += 1
            self._changed.notify_all()

    def flush(self, seconds: float | None = None) -> str | None:
        """Try to tell all, and wait until that is done; what went wrong, in words."""
        self.wake()
        with self._changed:
            asked = self._asked
            if not self._changed.wait_for(lambda: self._done >= asked, seconds):
                return f"the record is not finished after {seconds:g} seconds"
            return self._trouble

    def stop(self, seconds: float | None = None) -> str | None:
        """As ``flush``; afterwards nothing is told any more."""
        trouble = self.flush(seconds)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            busy = self._done < self._asked
        if not busy:
            self._thread.join()
        return trouble

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked > self._done or self._stopping)
                if self._asked == self._done:
                    return
                asked = self._asked
            try:
                self._tell()
                trouble = None
            except TrackingError as error:
                trouble = str(error)
            except Exception as error:  # noqa: BLE001 - a recorder's fault ends no referee
                trouble = f"{type(error).__name__}: {error}"
            with self._changed:
                self._done, self._trouble = asked, trouble
                self._changed.notify_all()

    def _tell(self) -> None:
        while self._told[SUBMISSIONS] < len(self._submissions):
            known = self._told[SUBMISSIONS]
            following = tuple(self._submissions[known : known + TOGETHER])
            self._recorder.submissions(self._plan, following)
            self._note(SUBMISSIONS, len(following))
        if self._closing is not None and not self._told[CLOSING]:
            self._recorder.closing(self._closing)
            self._note(CLOSING, 1)

    def _note(self, what: str, count: int) -> None:
        self._told[what] += count
        write_json(self._file, self._told, sync=False)
