"""Compose every run of the pipeline into one file that DVC can watch key by key."""

from functools import partial
from pathlib import Path
from typing import Any

from viewcast.config import construct
from viewcast.entry import compose, stage
from viewcast.paths import params_path
from viewcast.plan import Pipeline, plan, write_params


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/params.yaml."""
    runs = plan(construct(Pipeline, config, "pipeline"), root, partial(compose, root))
    write_params(runs, params_path(root))


if __name__ == "__main__":
    main()
