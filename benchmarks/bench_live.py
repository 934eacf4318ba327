"""CPU seconds that the live lecture takes to answer a move of a slider, part by part.

    python benchmarks/bench_live.py

Each part is asked its slowest moves: what is computed, told and drawn. What no slider changes is
made before, as the notebook does.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))

from side_by_side import keep

from telling import findings, pictures
from telling.choice import Choices
from telling.hinges import Hinges
from telling.memory import Memorizers
from telling.stopping import Stopping
from telling.surface import BATCHES, UPDATES, Surface
from telling.texts import Texts

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
SAY = Texts.of("zh-TW")


def main() -> None:
    rows = []
    for part, moves in parts():
        taken = [[seconds(move) for _ in range(ROUNDS)] for move in moves]
        slowest = max(statistics.median(of_move) for of_move in taken)
        rows.append({"part": part, "moves": len(moves), "slowest_s": slowest})
    note = f"CPU seconds of the slowest move (median of {ROUNDS}): computed, told and drawn"
    keep("live", rows, note)


def seconds(move: Callable[[], Any]) -> float:
    """CPU seconds from the move to the JSON of its charts."""
    start = time.process_time()
    for chart in move():
        chart.to_json()
    return time.process_time() - start


def parts() -> Iterator[tuple[str, list[Callable[[], Any]]]]:
    """Each part with its slowest moves."""
    known = Surface.of(ROOT)
    below = pictures.ground(SAY, known)
    bending, overfitting = Hinges.of(ROOT), Stopping.of(ROOT)
    memorizers, choices = Memorizers.of(ROOT), Choices.of(ROOT)
    line = bending.placed(1)

    def descended(rate: float, batch: int) -> list[Any]:
        found = known.descent(rate, (3.0, 20.0), batch, UPDATES[-1])
        findings.surface(SAY, known, found)
        return [pictures.surface(SAY, below, known, found)]

    def bent(units: int, by_descent: bool) -> list[Any]:
        found = bending.learnt(units) if by_descent else bending.placed(units)
        findings.hinges(SAY, found, line, by_descent)
        return [*pictures.hinges(SAY, bending, found)]

    def stopped(patience: int) -> list[Any]:
        found = overfitting.train(100, 1e-2, patience)
        findings.stopping(SAY, found)
        return [pictures.stopping(SAY, found)]

    def by_heart(leak: bool) -> list[Any]:
        found = memorizers.remembering(memorizers.rows, leak)
        findings.memory(SAY, found, memorizers.rows, leak)
        return [pictures.memory(SAY, memorizers.courses(leak), found)]

    def chosen(rows: int) -> list[Any]:
        found = choices.best(200, rows, 0.3)
        findings.choice(SAY, found)
        return [pictures.choice(SAY, found)]

    yield "loss surface", [_of(descended, 1e-4, batch) for batch in BATCHES]
    yield "hinges", [_of(bent, 14, by_descent) for by_descent in (False, True)]
    yield "early stopping", [_of(stopped, patience) for patience in (1, 200)]
    yield "memorizer", [_of(by_heart, leak) for leak in (False, True)]
    yield "best of k", [_of(chosen, rows) for rows in (60, 366)]


def _of(move: Callable[..., Any], *values: Any) -> Callable[[], Any]:
    return lambda: move(*values)


if __name__ == "__main__":
    main()
