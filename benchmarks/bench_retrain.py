"""Duration of a night, with the real tools in a fresh clone.

Measured are the first night, on which every recipe is measured on known days; a night with a new
day; one that brings nothing new; and a night that is committed to a branch. The last line is the
CPU time of fitting every recipe. Wall seconds count on an idle machine alone, CPU seconds anywhere.
"""

import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from own_use import cpu_of_children
from side_by_side import keep

from viewcast.base.paths import days_path
from viewcast.data import live
from viewcast.forecast.history import History
from viewcast.forecast.recipes import configured
from viewcast.retraining.refit import RefitSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.clone import Clone

CHANNEL = "live"
NIGHTS = [
    ("the first: four years of days, 26 weeks and 60 days looked back", "2021-03-01", 0, None),
    ("a new day", "2021-03-02", 0, 10.0),
    ("nothing new", "2021-03-02", 10, 3.0),
    ("a new day, committed to a branch", "2021-03-03", 0, None),
]
FITTING = 0.3  # CPU seconds of all recipes


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone.of_repository(Path(folder))
        rows = []
        for what, today, code, target in NIGHTS:
            git = "commit" if "branch" in what else "none"
            program = ("python", "pipelines/retrain.py", f"retrain.today={today}")
            start, used = time.perf_counter(), cpu_of_children()
            output = clone.sh(*program, f"retrain.git={git}", status=code)
            seconds, used = time.perf_counter() - start, cpu_of_children() - used
            assert json.loads(output.splitlines()[-1])["code"] == code, output
            rows.append({"what": what, "seconds": seconds, "cpu_seconds": used, "target": target})
        days = live.read(days_path(clone.root, CHANNEL))["views"]
        used, what = fitting(clone.root, History.of(days)), f"every recipe on {len(days):,} days"
        rows.append({"what": what, "seconds": used, "cpu_seconds": used, "target": FITTING})
        changed = clone.sh("git", "status", "--porcelain")
        assert changed == "", f"a night has changed tracked files:\n{changed}"
        note = "wall seconds of `python pipelines/retrain.py` from start to end, 2 cores"
        keep("retrain", rows, note)


def fitting(root: Path, history: History) -> float:
    """CPU seconds of all fits and forecasts of a night; what is imported or kept is there."""
    settings = RefitSettings.read(root, CHANNEL)
    recipes = configured(settings.recipes)
    for recipe in recipes.values():  # imports, and the fit that no day of the channel changes
        recipe.fit(history.until(history.newest - timedelta(days=1)), settings.horizon)
    start = time.process_time()
    for recipe in recipes.values():
        recipe.fit(history, settings.horizon).forecast(history)
    return time.process_time() - start


if __name__ == "__main__":
    main()
