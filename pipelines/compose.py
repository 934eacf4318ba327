"""Compose every run of the pipeline into one file that DVC can watch key by key."""

from functools import partial
from pathlib import Path
from typing import Any

from viewcast.config import construct
from viewcast.entry import compose, stage
from viewcast.paths import params_path
from viewcast.plan import Pipeline, plan, write_params
from viewcast.story import planned


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/params.yaml."""
    pipeline = construct(Pipeline, config, "pipeline")
    runs = plan(pipeline, root, partial(compose, root))
    parts = ("story", "story_search", "story_leaderboard", "simulator")
    runs["story"] = planned(pipeline.datasets, *(compose(root, [], part) for part in parts))
    write_params(runs, params_path(root))


if __name__ == "__main__":
    main()
