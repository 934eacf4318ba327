"""Time and memory of the figures of a study: all, the corrected loss alone, and a plain loop.

``--sizes``: without the loop. ``--case NAME`` and ``--loop`` (called by itself): one case, or the
comparison with the loop, in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from side_by_side import cpu_seconds, keep

from viewcast.selection.blocks import Draws, draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.dependence import dependence_length
from viewcast.selection.inference import Settings, infer
from viewcast.selection.resampling import resample
from viewcast.selection.selection_corrected import selection_corrected

Losses = NDArray[np.floating[Any]]

LENGTH = 7  # dependence length in rows, where it is given
LOOPED = 20  # draws of the loop: all of them would take minutes
ROUNDS = 5
# runs, states of each, columns, draws, most seconds, most MiB
CASES: dict[str, tuple[int, int, int, int, float | str, float | str]] = {
    "nothing: imports and losses": (1000, 1, 10_000, 0, "", ""),
    "corrected loss alone": (1000, 1, 10_000, 1000, 3, 2048),
    "everything": (1000, 1, 10_000, 1000, 60, 2048),
    "everything, all epochs kept": (1000, 200, 512, 1000, 60, 2048),
    "everything, a small study": (30, 1, 365, 500, 10, ""),
    "everything, many runs": (5000, 1, 366, 500, 30, 1024),
    "everything, many rows": (2000, 1, 50_000, 500, 60, 2048),
}


def main() -> None:
    keep(
        "audit",
        [row_of(name) for name in CASES],
        "seconds and peak MiB of the figures of a study, each in a process of its own, with other "
        "work beside (wall seconds say little); "
        "columns are rows, or cells of rows where all epochs are kept",
    )
    if "--sizes" in sys.argv:
        return
    keep(
        "audit_loop",
        alone("--loop", threads="1"),
        "CPU seconds a draw of the corrected loss of 1,000 runs on 10,000 rows, on one thread, "
        f"draws included; median of {ROUNDS} rounds in turns; loops on {LOOPED} draws, ours on "
        "1,000; "
        "target of the first: 20 times",
    )


def row_of(name: str) -> dict[str, Any]:
    found = alone("--case", name)
    runs, states, columns, draws, seconds, memory = CASES[name]
    return {
        "work": name,
        "runs": runs,
        "states": states,
        "columns": columns,
        "draws": draws,
        "seconds": found["seconds"],
        "CPU s": found["CPU s"],
        "target s": seconds,
        "peak MiB": found["peak MiB"],
        "target MiB": memory,
    }


def alone(*arguments: str, threads: str | None = None) -> Any:
    """What this file prints with these arguments, in a process of its own."""
    environment = os.environ | ({} if threads is None else {"OPENBLAS_NUM_THREADS": threads})
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)


def case(name: str) -> None:
    runs, states, columns, draws, *_ = CASES[name]
    candidates = Candidates.of(made(runs, states, columns))
    reference = 1.1 * candidates.losses_of(0)
    start, before = time.perf_counter(), time.process_time()
    if name.startswith("everything"):
        infer(candidates, reference, Settings(draws=draws))
    elif draws:
        corrected_loss(candidates, draws)
    seconds, busy = time.perf_counter() - start, time.process_time() - before
    # Not from getrusage: its peak is that of the parent too, at the time this process began.
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) // 1024
    print(json.dumps({"seconds": seconds, "CPU s": busy, "peak MiB": peak}))


def against_the_loop() -> list[dict[str, Any]]:
    losses = made(1000, 1, 10_000)
    candidates = Candidates.of(losses)
    rows = [own[0] for own in losses]
    few = draw(10_000, LENGTH, LOOPED, seed=1)
    looped = by_loop(rows, few)
    found = resample(candidates, few)
    ours = found.outside[np.arange(LOOPED), found.inside.argmin(axis=1)]
    np.testing.assert_allclose(looped, ours, rtol=1e-5)
    work: dict[str, tuple[int, Callable[[], Any]]] = {
        "loop over draws and runs": (LOOPED, lambda: by_loop(rows, few)),
        "loop over draws": (LOOPED, lambda: by_loop_over_draws(candidates.losses, few)),
        "ours": (1000, lambda: corrected_loss(candidates, 1000)),
    }
    seconds = cpu_seconds({name: call for name, (_, call) in work.items()}, ROUNDS)
    each = {name: seconds[name] / draws for name, (draws, _) in work.items()}
    return [
        {"which": name, "seconds a draw": taken, "which / ours": taken / each["ours"]}
        for name, taken in each.items()
    ]


def corrected_loss(candidates: Candidates, draws: int) -> float:
    length = max(LENGTH, dependence_length(candidates.losses))
    drawn = draw(len(candidates.sizes), length, draws, seed=1)
    return float(selection_corrected(candidates, resample(candidates, drawn)).expected[0])


def by_loop(losses: list[Losses], draws: Draws) -> list[float]:
    """Held-out losses of the winners, as one writes it down."""
    found = []
    for held, chosen in zip(draws.held, draws.chosen, strict=True):
        best = min(losses, key=lambda own: own[chosen].mean())
        found.append(float(best[held].mean()))
    return found


def by_loop_over_draws(losses: Losses, draws: Draws) -> list[float]:
    """The same with all runs at once."""
    found = []
    for held, chosen in zip(draws.held, draws.chosen, strict=True):
        best = losses[:, chosen].mean(axis=1).argmin()
        found.append(float(losses[best, held].mean()))
    return found


def made(runs: int, states: int, columns: int) -> list[Losses]:
    """Squared errors, half of each common to all."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal(columns, np.float32)
    return [
        (common + rng.standard_normal((states, columns), np.float32)) ** 2 / 2 for _ in range(runs)
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        case(sys.argv[2])
    elif sys.argv[1:2] == ["--loop"]:
        print(json.dumps(against_the_loop()))
    else:
        main()
