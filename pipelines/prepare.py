"""Raw files to one tidy table: `python pipelines/prepare.py data=channel`."""

from pathlib import Path
from typing import Any

from viewcast.config import build, preparation
from viewcast.data import table
from viewcast.entry import stage
from viewcast.paths import prepared_path


@stage(__file__)
def main(config: dict[str, Any], root: Path) -> None:
    """Check the raw data of one data set and write its prepared table."""
    data = build(config["data"], "data")
    table.write(data.prepare(root), prepared_path(root, data.name), preparation(config["data"]))


if __name__ == "__main__":
    main()
