"""Measuring things side by side in one run, and keeping the result.

Machines differ and other work runs beside: times are taken in turns, and what is kept and compared
is the ratio of medians.
"""

import json
import math
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def cpu_seconds(
    work: dict[str, Callable[[], Any]],
    rounds: int,
    summary: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """CPU seconds of each piece of work, all taken in turns ``rounds`` times.

    ``summary``: ``min`` for short work whose noise is other work beside, which only adds.
    """
    taken: dict[str, list[float]] = {name: [] for name in work}
    for call in work.values():
        call()  # imports and caches are not what is compared
    for _ in range(rounds):
        for name, call in work.items():
            start = time.process_time()
            call()
            taken[name].append(time.process_time() - start)
    return {name: summary(seconds) for name, seconds in taken.items()}


def keep(name: str, rows: list[dict[str, Any]], note: str) -> None:
    """Print a table and write it, with the machine it is from, to ``results/<name>.json``."""
    columns = list(rows[0])
    cells = [columns, *[[_shown(row[column]) for column in columns] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    print(f"\n{name}: {note}")
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    RESULTS.mkdir(exist_ok=True)
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    known = [{key: _known(value) for key, value in row.items()} for row in rows]
    content = {"note": note, **machine, "rows": known}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")


def _known(value: Any) -> Any:
    """None for a figure that is not known: JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
