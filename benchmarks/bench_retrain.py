"""Duration of a night, with the real tools in a fresh clone.

Measured are the first night, a night with nothing new, a night with a new day that trains the three
models anew, and a night with a new day that trains nothing.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.clone import Clone

NIGHTS = [
    ("the first: four years of days, three models", "2021-03-01", 0, None),
    ("nothing new", "2021-03-01", 10, 5.0),
    ("a new day, three models trained anew", "2021-03-02", 12, 60.0),
    ("a new day, the challenger waits", "2021-03-03", 12, None),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone.of_repository(Path(folder))
        clone.make("data")
        rows = []
        for what, today, code, target in NIGHTS:
            start = time.perf_counter()
            program = ("python", "pipelines/retrain.py", f"retrain.today={today}")
            output = clone.sh(*program, status=code)
            seconds = time.perf_counter() - start
            outcome = json.loads(output.splitlines()[-1])
            stages = len(outcome.get("stages", []))
            rows.append({"night": what, "stages": stages, "seconds": seconds, "target": target})
        keep("retrain", rows, "wall seconds of `python pipelines/retrain.py`, 2 cores")


if __name__ == "__main__":
    main()
