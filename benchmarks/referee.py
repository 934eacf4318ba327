"""The referee beside other rules: loops that submit, what is accepted, claimed, and true.

    python benchmarks/referee.py               # everything, into results/referee.json
    python benchmarks/referee.py --quick       # two sizes, few loops; nothing is written
    python benchmarks/referee.py --only table  # or another part; the others stay as they are

Exits with 1 if a figure that the product's rule must hold is missed. A gain is told in standard
errors of a paired comparison; in those of the first submission's loss for the loops that climb on
squared errors (hill climb, sign probes, sandbagger). Each figure has its standard error over loops.
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from refereeing.hidden_rows import SIZES as SPREAD_SIZES
from refereeing.hidden_rows import held_by_spread, hidden_markdown, last_and_spread
from refereeing.real_loops import real_loops, real_markdown
from refereeing.speed import same_over_http, speed
from refereeing.stored import content_of, text_of
from refereeing.tables import (
    QUICK,
    SIZES,
    held,
    intervals,
    markdown,
    referee_alone,
    rules_and_loops,
)
from side_by_side import RESULTS

PARTS = ("table", "referee alone", "intervals", "hidden rows", "real", "speed", "over HTTP")
PATH = RESULTS / "referee.json"
NOTE = (
    "rules and loops: gains in standard errors, ± their standard error over loops; covers: of the "
    "loops that accepted anything, whose interval holds the truth; hidden rows: the last, or "
    "spread over the time; real: 200 edits of a model's configuration, gains in the metric's unit "
    "on fresh rows; speed: seconds of 1,000 submissions of 10,000 rows, while other work ran "
    "beside (load)"
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=PARTS, action="append")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    for part, make in parts(asked.quick).items():
        if asked.only and part not in asked.only:
            continue
        begun = time.process_time()
        found[part] = make()
        print(f"{part}: {time.process_time() - begun:,.0f} s of CPU", file=sys.stderr, flush=True)
        if not asked.quick:
            found = keep(found)
    return tell(found)


def parts(quick: bool) -> dict[str, Callable[[], Any]]:
    """What is measured, in its order."""
    return {
        "table": lambda: rules_and_loops(QUICK if quick else SIZES),
        "referee alone": lambda: referee_alone(300 if quick else 5000),
        "intervals": lambda: intervals(100 if quick else 1000),
        "hidden rows": lambda: last_and_spread(((366, 100),) if quick else SPREAD_SIZES),
        "real": lambda: real_loops(quick),
        "speed": lambda: speed(quick),
        "over HTTP": lambda: same_over_http(quick),
    }


def keep(found: dict[str, Any]) -> dict[str, Any]:
    """Write what is known so far, with what stands there of other parts; all of it."""
    known = content_of(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    content = {**known, **found, "note": NOTE, **machine}
    PATH.write_text(text_of(content), encoding="utf-8")
    return content


def tell(found: dict[str, Any]) -> int:
    """Print tables in Markdown; 1 if a figure is missed, or none is known."""
    for line in [
        *markdown(found.get("table", [])),
        *hidden_markdown(found.get("hidden rows", [])),
        *real_markdown(found.get("real", [])),
    ]:
        print(line)
    for row in [*found.get("speed", []), *found.get("over HTTP", [])]:
        print(", ".join(f"{name}: {value}" for name, value in row.items()))
    same = all(row["same answers"] and row["same verdict"] for row in found.get("over HTTP", []))
    if "referee alone" not in found:
        return int(not same)
    figures = [
        *held(found["referee alone"], found.get("intervals", [])),
        *held_by_spread(found.get("hidden rows", [])),
    ]
    print("\n| figure | wanted | found | held |\n|---|---|---|---|")
    for row in figures:
        error = "" if row["±"] is None else f" ± {row['±']:.3f}"
        print(f"| {row['figure']} | {row['wanted']} | {row['found']:.3f}{error} | {row['held']} |")
    return int(not (same and all(row["held"] for row in figures)))


if __name__ == "__main__":
    sys.exit(main())
