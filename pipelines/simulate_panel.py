"""Simulate the panel of videos again: `python pipelines/simulate_panel.py`, then `dvc add data`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.files import replacing
from viewcast.base.folders import check_file
from viewcast.base.paths import simulated_panel_path
from viewcast.base.settings import construct
from viewcast.data.panel.simulator import SimulatedPanel


@stage(__file__, "panel_simulator")
def main(config: dict[str, Any], root: Path) -> None:
    """Write the daily views of the simulated videos."""
    simulated: SimulatedPanel = construct(SimulatedPanel, config, "")
    own = simulated_panel_path(root).resolve()
    path = check_file(root, Path(simulated.file), "simulated videos of the project", own.__eq__)
    table = simulated.simulator.simulate(simulated.seed)
    with replacing(path) as partial:
        table.to_parquet(partial, index=False, compression="zstd")


if __name__ == "__main__":
    main()
