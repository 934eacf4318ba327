"""All runs to one table: losses with errors, published figures, verdicts."""

import json
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import metrics_path, run_folders, summary_path
from viewcast.scoring.summary import metrics, read_all, summarise


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/summary.json and reports/metrics.json."""
    rows = summarise(read_all(run_folders(root)))
    summary_path(root).parent.mkdir(exist_ok=True)
    summary_path(root).write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    metrics_path(root).write_text(json.dumps(metrics(rows), indent=2) + "\n")


if __name__ == "__main__":
    main()
