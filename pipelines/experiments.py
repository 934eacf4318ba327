"""Train every experiment of conf/experiment/ and every baseline, in a process or two."""

from collections import Counter
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import experiments_path
from viewcast.runs.experiments import LEFT_ALONE, run_experiments
from viewcast.runs.plan import read_params


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write one folder per run; runs that are up to date are kept."""
    plans = read_params(root, "experiments")
    statuses = run_experiments(plans, config["tracking"], root, config["workers"])
    for name in (name for name, status in statuses.items() if status == LEFT_ALONE):
        place = experiments_path(root) / name
        print(f"{place.relative_to(root)}: left alone, no planned experiment made it")
    counts = Counter(statuses.values())
    print("experiments: " + ", ".join(f"{n} {status}" for status, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
