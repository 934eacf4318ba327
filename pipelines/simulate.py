"""Simulate the channel again: `python pipelines/simulate.py`, then `dvc add data`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import csv_text
from viewcast.base.files import write
from viewcast.base.folders import check_file
from viewcast.base.paths import simulated_path
from viewcast.base.settings import construct
from viewcast.data.simulator import Simulated


@stage(__file__, "simulator")
def main(config: dict[str, Any], root: Path) -> None:
    """Write the daily views of the simulated channel."""
    simulated: Simulated = construct(Simulated, config, "")
    own = simulated_path(root).resolve()
    path = check_file(root, Path(simulated.file), "simulated channel of the project", own.__eq__)
    write(path, csv_text(simulated.views().rename_axis("date").to_frame()))


if __name__ == "__main__":
    main()
