"""How long a user waits: the pipeline in a fresh clone, again with nothing changed, and one run.

``--beside COMMIT``: a former state of the repository beside it, in turns, in the same environment.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from own_use import cpu_of_children
from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.clone import Clone, stages_run

NOW = "now"
FIRST, FRESH, AGAIN = "first on a machine", "fresh clone", "nothing changed"
RUN = "one run of the deep model"
MOST = {RUN: 3.0, AGAIN: 3.0}  # seconds
BESIDE = {FRESH: 0.6}  # of the former state's


def main() -> None:
    former = sys.argv[2:3] if sys.argv[1:2] == ["--beside"] else []
    with tempfile.TemporaryDirectory() as folder:
        found = {state: _clones(Path(folder) / state, state) for state in (NOW, *former)}
        taken: dict[tuple[str, str], dict[str, float]] = {}
        # What is compiled once for a user is there from the second clone on.
        for what, which in ((FIRST, 0), (FRESH, 1), (AGAIN, 1)):
            for state, clones in found.items():
                taken[what, state] = _measured(clones[which], "make")
        for state, clones in found.items():
            taken[RUN, state] = _measured(clones[1], "train")
    rows = []
    for (what, state), each in taken.items():
        before = [taken[what, name]["CPU s"] for name in former]
        row: dict[str, Any] = {"what": what, "state": state, **each}
        row["target s"] = MOST.get(what, "") if state == NOW else ""
        row["CPU / former"] = each["CPU s"] / before[0] if before and state == NOW else ""
        row["target"] = BESIDE.get(what, "") if state == NOW else ""
        rows.append(row)
    keep("pipeline", rows, "`make run` and `python pipelines/train.py`, environment finished")


def _clones(folder: Path, state: str) -> list[Clone]:
    """Two clones of the same user."""
    first = Clone.of_repository(folder / "first")
    second = Clone(Clone.of_repository(folder / "second").root, first.home)
    for clone in (first, second):
        if state != NOW:
            clone.sh("git", "checkout", "--quiet", state)
    return [first, second]


def _measured(clone: Clone, what: str) -> dict[str, float]:
    start, before = time.perf_counter(), cpu_of_children()
    if what == "make":
        output = clone.make("run")
    else:
        output = clone.sh(sys.executable, "pipelines/train.py", "model=deep", "data=channel")
    busy, seconds = cpu_of_children() - before, time.perf_counter() - start
    return {"stages": len(stages_run(output)), "CPU s": busy, "seconds": seconds}


if __name__ == "__main__":
    main()
