"""Tell the story of validation reuse by real runs: a search, an attack, and their truths."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import params_path
from viewcast.demo.validation_reuse import story
from viewcast.runs.plan import read_params


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/demo/ and the runs to MLflow; what need not be told again is kept."""
    plan = read_params(params_path(root))["demo"]
    outcome = story(plan, config["tracking"], root)
    print("demo: " + (", ".join(f"{part} {what}" for part, what in outcome.items()) or "none"))


if __name__ == "__main__":
    main()
