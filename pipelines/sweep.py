"""Train many candidates at once and record each.

`python pipelines/sweep.py model=deep data=channel sweep.lr=[0.001,0.01] 'sweep.seed=range(64)'`
"""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.report.figures.search import draw_sweep
from viewcast.report.terminal import print_sweep
from viewcast.runs.sweep import sweep
from viewcast.tracking.write.sweep_recorder import finish, record


@stage(__file__, "sweep", open_key="sweep")
def main(config: dict[str, Any], root: Path) -> None:
    """Write tables and pictures under build/sweeps/, and one run per candidate to MLflow."""
    folder, results, candidates = sweep(config, root)
    first = candidates[0].config
    unit = first.loss.unit(first.data.unit)
    pictures = draw_sweep(
        results.candidates, results.curves, first.data.label, unit, folder / "pictures"
    )
    parent = record(results, candidates, folder, root)
    finish(parent, [picture.path for picture in pictures], candidates)
    print_sweep(results.candidates, unit, parent, folder.relative_to(root))


if __name__ == "__main__":
    main()
