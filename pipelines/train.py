"""Train, score and record one model: `python pipelines/train.py model=deep data=channel`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import run_path
from viewcast.base.progress import epochs
from viewcast.report.terminal import print_run
from viewcast.runs.run import run
from viewcast.training.config import parse


@stage(__file__)
def main(config: dict[str, Any], root: Path) -> None:
    """Write the folder of the run; without `output` it is named after the run's identity."""
    checked = parse(config)
    output = root / checked.output if checked.output else run_path(root, checked.identity())
    name = f"{checked.data.name} {checked.model.name}"
    with epochs(name, checked.trainer.epoch_limit) as progress:
        result = run(checked, root, output, progress)
    print_run(result)


if __name__ == "__main__":
    main()
