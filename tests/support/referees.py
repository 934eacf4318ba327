"""Referees in folders for tests: rows, a loop that improves, recorders, processes that are killed.

In a whole life the clock stands still, so that the files of two lives can be compared.
"""

from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from support.moments import Moment, die_at
from support.processes import FRESH
from viewcast.base.errors import TrackingError
from viewcast.referee import folder as referee_folder
from viewcast.referee.answers import ClosedError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Closing, Submitted
from viewcast.referee.terms import Plan, Terms

N = 120
BUDGET = 12
DAYS = pd.date_range("2023-01-01", periods=N)
TRUTH = np.random.default_rng(8).normal(size=N)


def table() -> pd.DataFrame:
    """Validation rows, in no order."""
    rows = pd.DataFrame({"day": DAYS, "y": TRUTH})
    return rows.sample(frac=1, random_state=2, ignore_index=True)


def loop(count: int = BUDGET) -> Iterator[pd.DataFrame]:
    """Submissions of which some improve on all before."""
    rng = np.random.default_rng(9)
    for number in range(count):
        errors: NDArray[np.float64] = rng.normal(size=N) * (2.0 if number % 4 == 3 else 1.0)
        yield pd.DataFrame({"day": DAYS, "prediction": TRUTH + errors / (1 + number)})


def started(root: Path, terms: Terms | None = None, **settings: Any) -> RefereeFolder:
    """A referee in ``root / "referee"`` over ``table()``."""
    path = root / "valid.parquet"
    if not path.exists():
        table().to_parquet(path)
    return RefereeFolder.start(
        root / "referee", path, "y", "mae", terms or Terms(budget=BUDGET), time="day", **settings
    )


class Recorder:
    """Remembers what it was told; ``failures``: how often it cannot be reached before that."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.told: list[int] = []
        self.calls: list[int] = []  # how many were told in each
        self.closings: list[Closing] = []

    def submissions(self, plan: Plan, submitted: Sequence[Submitted]) -> None:
        self._fail()
        self.calls.append(len(submitted))
        self.told += [one.number for one in submitted]

    def closing(self, closing: Closing) -> None:
        self._fail()
        self.closings.append(closing)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise TrackingError("the server is gone")


def stop_the_clock(patch: pytest.MonkeyPatch) -> None:
    """Everything happens at once, in this process."""
    patch.setattr(referee_folder, "_now", lambda: 1_700_000_000_000)


def journal(root: Path) -> Path:
    """The journal of the referee."""
    return root / "referee/journal.jsonl"


def left_by(root: Path) -> dict[str, bytes]:
    """All that a referee has written and that another life must write alike."""
    folder = root / "referee"
    names = ["plan.json", "journal.jsonl", "closing.json"]
    names += [f"predictions/{path.name}" for path in (folder / "predictions").iterdir()]
    return {name: (folder / name).read_bytes() for name in sorted(names)}


def undisturbed(root: Path) -> None:
    """A whole life."""
    with pytest.MonkeyPatch.context() as patch:
        stop_the_clock(patch)
        live(root)


def live(root: Path) -> None:
    """Start, or go on; submit what the loop submits; close."""
    try:
        referee = started(root)
    except ClosedError:
        referee = RefereeFolder.open(root / "referee")
    with referee:
        for predictions in loop():
            if not referee.is_closed:
                referee.submit(predictions, "loop")
        referee.close("loop")


def _until(root: Path, moment: Moment) -> None:
    die_at(moment)
    undisturbed(root)


def killed(root: Path, moment: Moment) -> int | None:
    """A life in a process of its own until that moment; how it ended."""
    process = FRESH.Process(target=_until, args=(root, moment))
    process.start()
    process.join()
    return process.exitcode


def answer_for_ever(root: Path, heard: Connection) -> None:
    """Submit what the loop submits and say each answer aloud."""
    with RefereeFolder.open(root / "referee") as referee:
        for predictions in loop(10_000):
            answer = referee.submit(predictions, "loop")
            heard.send((answer.accepted, answer.left))
