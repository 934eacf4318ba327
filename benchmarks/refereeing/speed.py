"""How long a referee takes, and whether it answers over HTTP as it does in the process.

1,000 submissions of 10,000 rows: in the process, in its folder (each written and synced before it
is answered), and over HTTP by ``viewcast referee start`` in a process of its own. Predictions are
made beforehand. What is synced depends on the disk; the machine stands in the result.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from refereeing.attacks import CLIMB
from viewcast.referee import Answer, Client, Referee, Verdict
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms

Rows = NDArray[np.float64]
METRIC = "mse"
MOST_SECONDS = 20.0
START_SECONDS = 60


def speed(quick: bool) -> list[dict[str, Any]]:
    """A row for each way to ask."""
    count, rows = (50, 10_000) if quick else (1000, 10_000)
    rng = np.random.default_rng(1)
    targets = rng.standard_normal(rows)
    first = rng.standard_normal(rows)
    # Half way to the targets in steps, with noise: some are accepted, most are not.
    shares = np.sort(rng.uniform(0, 0.5, count))
    submitted = [
        first + share * (targets - first) + 0.3 * rng.standard_normal(rows) for share in shares
    ]
    found = []
    for name, asking in WAYS.items():
        cpu = _cpu()
        with TemporaryDirectory() as folder, asking(Path(folder), targets, count) as submit:
            begun = time.perf_counter()
            accepted = sum(submit(each).accepted for each in submitted)
            seconds = time.perf_counter() - begun
        found.append(
            {
                "asked": name,
                "submissions": count,
                "rows": rows,
                "accepted": accepted,
                "seconds": seconds,
                "CPU seconds, with starting": _cpu() - cpu,
                "load": os.getloadavg()[0],
                "most": MOST_SECONDS,
                "fast enough": seconds <= MOST_SECONDS,
            }
        )
    return found


def _cpu() -> float:
    """Of this process and those that it has ended."""
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def same_over_http(quick: bool) -> list[dict[str, Any]]:
    """Hill climbs of 200 submissions on 366 rows, in the process and over HTTP: the same answers,
    and the same verdict.
    """
    loops, answers, rows = (1 if quick else 5), (50 if quick else 200), 366
    found = []
    for number in range(loops):
        targets = np.random.default_rng([number, 0]).standard_normal(rows)
        referee = Referee(targets, METRIC, budget=answers)
        own = _climbed(referee.submit, rows, answers, number)
        told: Verdict = referee.close()
        with TemporaryDirectory() as folder, _served(Path(folder), targets, answers) as client:
            heard = _climbed(client.submit, rows, answers, number)
            found.append(
                {
                    "loop": number,
                    "submissions": answers,
                    "accepted": sum(own) - 1,
                    "same answers": own == heard,
                    "same verdict": client.close() == told,
                }
            )
    return found


def _climbed(submit: Callable[[Rows], Answer], rows: int, answers: int, seed: int) -> list[bool]:
    """A hill climb that builds on what was accepted."""
    rng = np.random.default_rng([seed, 1])
    kept = np.zeros(rows)
    told = [submit(kept).accepted]
    for _ in range(answers - 1):
        new = kept + rng.choice([-1, 1], rows) * 2 * CLIMB / np.sqrt(rows)
        told.append(submit(new).accepted)
        kept = new if told[-1] else kept
    return told


@contextmanager
def _in_process(_: Path, targets: Rows, budget: int) -> Iterator[Callable[[Rows], Answer]]:
    yield Referee(targets, METRIC, budget=budget).submit


@contextmanager
def _in_folder(folder: Path, targets: Rows, budget: int) -> Iterator[Callable[[Rows], Answer]]:
    table = _table(folder, targets)
    with RefereeFolder.start(
        folder / "referee", table, "y", METRIC, Terms(budget=budget), key="id"
    ) as referee:
        yield lambda predictions: referee.submit(predictions, "loop")


@contextmanager
def _over_http(folder: Path, targets: Rows, budget: int) -> Iterator[Callable[[Rows], Answer]]:
    with _served(folder, targets, budget) as client:
        yield client.submit


@contextmanager
def _served(folder: Path, targets: Rows, budget: int) -> Iterator[Client]:
    """A client of ``viewcast referee start`` in a process of its own."""
    table, own = _table(folder, targets), folder / "referee"
    program = "from viewcast.commands.program import program; program()"
    command = [sys.executable, "-c", program, "referee", "start"]
    options = ["--rows", table, "--target", "y", "--key", "id", "--metric", METRIC]
    more = ["--budget", budget, "--folder", own, "--port", 0, "--no-mlflow"]
    words = [*command, *map(str, [*options, *more])]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield _heard(own, server)
        finally:
            server.send_signal(signal.SIGINT)


def _heard(folder: Path, server: "subprocess.Popen[bytes]") -> Client:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last and server.poll() is None:
        if (folder / "address").exists():
            return Client(folder=folder)
        time.sleep(0.1)
    raise SystemExit(f"no referee is heard in {folder}")


def _table(folder: Path, targets: Rows) -> Path:
    path = folder / "valid.parquet"
    pd.DataFrame({"id": np.arange(len(targets)), "y": targets}).to_parquet(path, index=False)
    return path


WAYS = {"in the process": _in_process, "in its folder": _in_folder, "over HTTP": _over_http}
