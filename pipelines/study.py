"""Run every experiment of conf/experiment/ and every baseline, in one process."""

from collections import Counter
from pathlib import Path
from typing import Any

from viewcast.entry import stage
from viewcast.paths import params_path
from viewcast.plan import read_params
from viewcast.study import study


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write one folder per run; runs that need not be repeated are kept."""
    plans = read_params(params_path(root))["study"]
    outcome = study(plans, config["tracking"], root, config["workers"])
    counts = Counter(outcome.values())
    print("study: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
