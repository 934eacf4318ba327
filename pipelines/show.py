"""Print the table of all runs, and what to type next."""

import json
from pathlib import Path
from typing import Any

from viewcast.entry import stage
from viewcast.paths import summary_path
from viewcast.report.terminal import print_table


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Read reports/summary.json; write nothing."""
    print_table(json.loads(summary_path(root).read_text()))
    print("Next: `make ui` compares the runs in MLflow; open reports/index.html for the report.")


if __name__ == "__main__":
    main()
