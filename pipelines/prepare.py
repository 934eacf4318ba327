"""Raw files to one tidy table: `python pipelines/prepare.py data=channel`."""

from pathlib import Path
from typing import Any

from viewcast.config import build, preparation
from viewcast.data import sealed
from viewcast.entry import stage


@stage(__file__)
def main(config: dict[str, Any], root: Path) -> None:
    """Check the raw data of one data set; write its prepared table and, apart, its test rows."""
    data = build(config["data"], "data")
    whole, identity = data.prepare(root), preparation(config["data"])
    sealed.write(whole, data.reach, root, data.name, identity)


if __name__ == "__main__":
    main()
