"""A referee that is killed at any step, and started again, has counted each submission once."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.moments import Moment
from support.processes import FRESH, KILLED
from support.referees import (
    BUDGET,
    TRUTH,
    answer_for_ever,
    killed,
    left_by,
    loop,
    started,
    stop_the_clock,
    table,
    undisturbed,
)
from viewcast.base.errors import DataError
from viewcast.referee import folder as referee_folder
from viewcast.referee.answers import ClosedError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.referee import Referee, digest_of
from viewcast.referee.terms import Terms

FOLDER = "viewcast.referee.folder"
START = "viewcast.referee.start"
MOMENTS = [  # in order of time: each life goes on a bit further
    Moment("before", f"{START}.Lock.of"),
    Moment("before", f"{START}.Rows.write"),
    Moment("after", f"{START}.Rows.write"),
    Moment("after", f"{START}.write_json_privately"),
    Moment("before", f"{FOLDER}.KeptPredictions.write"),
    Moment("after", f"{FOLDER}.KeptPredictions.write"),
    Moment("after", "viewcast.referee.journal._write"),
    Moment("after", f"{FOLDER}.Journal.append"),
    Moment("after", f"{FOLDER}.RefereeFolder.submit", BUDGET),
    Moment("after", f"{FOLDER}.Journal.append"),  # of the closing
    Moment("after", f"{FOLDER}.account"),
    Moment("after", f"{FOLDER}.write_json_privately"),
]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still."""
    stop_the_clock(monkeypatch)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A referee that lived undisturbed and was closed."""
    root = tmp_path_factory.mktemp("lived")
    undisturbed(root)
    return root


def test_a_life_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    lived: Path, tmp_path: Path
) -> None:
    """Each time all is submitted again, and counted once; the closing is completed."""
    table().to_parquet(tmp_path / "valid.parquet")
    for moment in MOMENTS:
        assert killed(tmp_path, moment) == KILLED, moment
    assert left_by(tmp_path) == left_by(lived)


def test_a_process_that_is_killed_in_a_loop_keeps_every_answer_that_was_heard(
    tmp_path: Path,
) -> None:
    started(tmp_path, Terms(budget=10_000)).stop()
    heard: list[tuple[bool, int]] = []
    counted = 0
    for more in (3, 4, 5):
        ours, theirs = FRESH.Pipe(duplex=False)
        process = FRESH.Process(target=answer_for_ever, args=(tmp_path, theirs))
        process.start()
        theirs.close()
        told = [ours.recv() for _ in range(counted + more)]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with suppress(EOFError):
            while True:
                told.append(ours.recv())
        process.join()
        ours.close()
        assert process.exitcode == KILLED
        assert [accepted for accepted, _ in told[: len(heard)]] == [each[0] for each in heard]
        with RefereeFolder.open(tmp_path / "referee") as referee:
            counted = referee.status().submissions
            assert counted - len(told) in (0, 1)  # one may have been written and not yet heard
            again = [referee.submit(each, "loop") for each in loop(len(told))]
            assert [each.accepted for each in again] == [accepted for accepted, _ in told]
            assert referee.status().submissions == counted
        heard = told
    assert len({left for _, left in heard}) > 1


def test_a_restart_goes_on_with_the_same_state(lived: Path, tmp_path: Path) -> None:
    for number, predictions in enumerate(loop(), start=1):
        with started(tmp_path) as referee:
            referee.submit(predictions, "loop")
            assert referee.status().left == BUDGET - number
    with started(tmp_path) as referee:
        referee.close("loop")
    assert left_by(tmp_path) == left_by(lived)


class GoneError(Exception):
    """The step was broken off."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "step",
    [
        "Referee.decide",
        "KeptPredictions.write",
        "Journal.append",
        "Referee.record",
    ],
)
def test_a_step_of_a_submission_that_fails_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    """In the process that goes on, or in the next one: what is on the disk is what counts."""
    every = list(loop(4))
    memory = Referee(TRUTH, "mae", BUDGET)
    expected = [memory.submit(each["prediction"].to_numpy()) for each in every]
    cls, name = step.split(".")
    owner = Referee if cls == "Referee" else getattr(referee_folder, cls)
    really = getattr(owner, name)

    def fails(*arguments: Any) -> Any:
        if when == "after":
            really(*arguments)
        raise GoneError

    with started(tmp_path) as referee:
        assert referee.submit(every[0], "a") == expected[0]
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fails)
            with pytest.raises(GoneError):
                referee.submit(every[1], "a")
        try:
            assert referee.submit(every[1], "a") == expected[1]
        except DataError as error:
            assert "writing was broken off; start the referee again" in str(error)
            assert step in ("Journal.append", "Referee.record")
    with started(tmp_path) as referee:
        assert [referee.submit(each, "a") for each in every[1:]] == expected[1:]
        assert referee.status().submissions == 4


@pytest.mark.parametrize("step", ["account", "write_json_privately", "Referee.close"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_closing_that_fails_is_completed_by_the_next_call(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    cls, _, name = step.rpartition(".")
    owner: Any = Referee if cls else referee_folder
    really = getattr(owner, name)

    def fails(*arguments: Any) -> Any:
        if when == "after":
            really(*arguments)
        raise GoneError

    with started(tmp_path) as referee:
        for predictions in loop():
            referee.submit(predictions, "loop")
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fails)
            with pytest.raises(GoneError):
                referee.close("loop")
        for predictions in loop(1):
            with pytest.raises(ClosedError):
                referee.submit(predictions, "loop")
        assert referee.status().closed
        referee.close("another")
    assert left_by(tmp_path) == left_by(lived)


def test_half_a_file_of_predictions_that_were_not_counted_is_written_anew(tmp_path: Path) -> None:
    (first,) = loop(1)
    given = Referee(TRUTH, "mae", BUDGET).checked(first["prediction"])
    started(tmp_path).stop()
    path = tmp_path / f"referee/predictions/{digest_of(given)}.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00v")
    with started(tmp_path) as referee:
        assert referee.submit(first, "a").accepted
    with started(tmp_path) as referee:
        assert referee.status().submissions == 1
    assert np.array_equal(np.load(path), given)
