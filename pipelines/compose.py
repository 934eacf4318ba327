"""Compose every run of the pipeline into files that DVC can watch, one for each stage."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import composing, stage
from viewcast.base.settings import construct
from viewcast.demo.settings import planned
from viewcast.runs.plan import Pipeline, plan, write_params


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/params/."""
    pipeline = construct(Pipeline, config, "pipeline")
    parts = ("demo", "demo_search", "demo_leaderboard", "simulator")
    with composing(root) as compose:
        runs = plan(pipeline, root, compose)
        runs["demo"] = planned(pipeline.datasets, *(compose([], part) for part in parts))
    write_params(runs, root)


if __name__ == "__main__":
    main()
