"""Collect all runs in one table: losses with errors, published figures, verdicts."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.files import write_json
from viewcast.base.paths import metrics_path, run_folders, summary_path
from viewcast.scoring.summary import metrics, read_all, summarise


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/summary.json and reports/metrics.json."""
    rows = summarise(read_all(run_folders(root)))
    write_json(summary_path(root), rows)
    write_json(metrics_path(root), metrics(rows))


if __name__ == "__main__":
    main()
