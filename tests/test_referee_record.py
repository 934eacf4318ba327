"""A referee tells a recorder everything in order, and waits for none."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.referees import (
    BUDGET,
    Recorder,
    loop,
    started,
)
from viewcast.referee import telling
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Submitted
from viewcast.referee.terms import Plan


class Held(Recorder):
    """A recorder that waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def submissions(self, plan: Plan, submitted: Sequence[Submitted]) -> None:
        assert self.go.wait(60)
        super().submissions(plan, submitted)


def test_a_recorder_is_told_everything_in_order_and_delays_no_answer(tmp_path: Path) -> None:
    recorder = Held()
    with started(tmp_path, recorder=recorder) as referee:
        for predictions in loop():
            referee.submit(predictions, "a")
        closing = referee.close("a")
        assert recorder.told == []
        recorder.go.set()
        assert referee.flush(60) is None
        assert recorder.told == list(range(1, BUDGET + 1))
        assert recorder.closings == [closing]


def test_a_recorder_that_cannot_be_reached_hears_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "TOGETHER", 2)
    recorder = Recorder(failures=3)
    with started(tmp_path, recorder=recorder) as referee:
        for predictions in loop(3):
            referee.submit(predictions, "a")
            referee.flush(60)
        assert recorder.told == []
        assert referee.flush(60) is None
        assert recorder.told == [1, 2, 3]
        assert recorder.calls == [2, 1], "all that it has not heard, so many in one call"
        recorder.failures = 1
        referee.close("a")
        assert referee.flush(60) in (None, "the server is gone")
        assert referee.flush(60) is None
        assert len(recorder.closings) == 1


def test_after_a_restart_a_recorder_hears_what_it_has_not(tmp_path: Path) -> None:
    every = list(loop())
    first, second, third = Recorder(), Recorder(failures=999), Recorder()
    with started(tmp_path, recorder=first) as referee:
        referee.submit(every[0], "a")
    with started(tmp_path, recorder=second) as referee:
        referee.submit(every[1], "a")
        referee.submit(every[2], "a")
        referee.close("a")
        assert referee.stop(60) == "the server is gone"
    with RefereeFolder.open(tmp_path / "referee", third) as referee:
        assert referee.flush(60) is None
    assert (first.told, second.told, third.told) == ([1], [], [2, 3])
    assert len(third.closings) == 1
    for odd in ("{", '{"submissions": -1, "closing": 0}', '{"submissions": 9, "closing": 1}'):
        (tmp_path / "referee/told.json").write_text(odd, "utf-8")
        again = Recorder()
        assert RefereeFolder.open(tmp_path / "referee", again).stop(60) is None
        assert (again.told, len(again.closings)) == ([1, 2, 3], 1)


def test_a_fault_of_a_recorder_ends_no_referee(tmp_path: Path) -> None:
    class Faulty(Recorder):
        def submissions(self, plan: Plan, submitted: Sequence[Submitted]) -> None:
            raise KeyError("x")

    with started(tmp_path, recorder=Faulty()) as referee:
        for number, predictions in enumerate(loop(3), start=1):
            assert referee.submit(predictions, "a").left == BUDGET - number
            assert referee.flush(60) == "KeyError: 'x'"
