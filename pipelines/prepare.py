"""Turn raw files into one tidy table: `python pipelines/prepare.py data=channel`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.settings import build, section
from viewcast.data import sealed
from viewcast.data.dataset import DataSet
from viewcast.data.panel import prepared
from viewcast.data.panel.videos import Videos
from viewcast.data.preparation import preparation


@stage(__file__)
def main(config: dict[str, Any], root: Path) -> None:
    """Check the raw data of a data set; write its prepared table, and its test rows to another."""
    data, identity = build(section(config, "data"), "data", DataSet), preparation(config["data"])
    if isinstance(data, Videos):
        for note in prepared.write(config["data"], root, root):
            print(note)
        return
    sealed.write(data.prepare(root), data.feature_lookback, root, data.name, identity)


if __name__ == "__main__":
    main()
