"""Demonstrate validation reuse by real runs: a search, an attack, and their true losses."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.demo.validation_reuse import demonstrate
from viewcast.runs.plan import read_params


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/demo/ and the runs to MLflow; a part that has not changed is kept."""
    plan = read_params(root, "demo")
    outcome = demonstrate(plan, config["tracking"], root)
    print("demo: " + (", ".join(f"{part} {what}" for part, what in outcome.items()) or "none"))


if __name__ == "__main__":
    main()
