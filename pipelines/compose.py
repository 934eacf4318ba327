"""Compose every run of the pipeline into one file that DVC can watch key by key."""

from functools import partial
from pathlib import Path
from typing import Any

import yaml

from viewcast.config import construct
from viewcast.entry import compose, stage
from viewcast.paths import params_path
from viewcast.plan import Pipeline, plan


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/params.yaml."""
    runs = plan(construct(Pipeline, config, "pipeline"), root, partial(compose, root))
    path = params_path(root)
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(runs, sort_keys=True, allow_unicode=True))


if __name__ == "__main__":
    main()
