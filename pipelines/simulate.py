"""Simulate the channel anew: `python pipelines/simulate.py`, then `dvc add data`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.settings import construct
from viewcast.data.simulator import ChannelSimulator


@stage(__file__, "simulator")
def main(config: dict[str, Any], root: Path) -> None:
    """Write the daily views of the simulated channel."""
    simulator = construct(ChannelSimulator, config["simulator"], "simulator")
    series = simulator.history(config["end"], config["seed"])
    path = root / config["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    series.rename_axis("date").to_csv(path, lineterminator="\n")


if __name__ == "__main__":
    main()
