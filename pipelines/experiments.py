"""Run every experiment of conf/experiment/ and every baseline, in one process."""

from collections import Counter
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import experiment_path
from viewcast.runs.experiments import LEFT_ALONE, run_experiments
from viewcast.runs.plan import read_params


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write one folder per run; runs that need not be repeated are kept."""
    plans = read_params(root, "experiments")
    outcome = run_experiments(plans, config["tracking"], root, config["workers"])
    for name in (name for name, status in outcome.items() if status == LEFT_ALONE):
        print(f"{experiment_path(root, name)}: left alone, no planned experiment made it")
    counts = Counter(outcome.values())
    print("experiments: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
