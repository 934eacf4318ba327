"""How long a user waits: the pipeline in a fresh clone, and again with nothing changed."""

import sys
import tempfile
import time
from pathlib import Path

from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.clone import Clone, stages_run

TARGETS = {"cold": 90.0, "nothing changed": 5.0}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone.of_repository(Path(folder))
        rows = []
        for what, target in TARGETS.items():
            start = time.perf_counter()
            output = clone.make("run")
            seconds = time.perf_counter() - start
            stages = len(stages_run(output))
            rows.append({"run": what, "stages": stages, "seconds": seconds, "target": target})
        keep("pipeline", rows, "wall seconds of `make run` from a finished environment")


if __name__ == "__main__":
    main()
