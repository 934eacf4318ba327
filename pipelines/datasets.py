"""Choose which data sets `dvc repro` runs: one alone by its name, or `all`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.runs.own_channels import choose


@stage(__file__, "datasets", short={"data": "which.data"})
def main(config: dict[str, Any], root: Path) -> None:
    """Write the list of conf/pipeline.yaml."""
    chosen = choose(root, str(config["which"]["data"]))
    print(f"the pipeline runs {', '.join(chosen)}")


if __name__ == "__main__":
    main()
