"""Print the tables of all runs, what their validation scores are worth, and what to type next."""

import json
from pathlib import Path
from typing import Any

from viewcast.assessment.result_file import COMMAND
from viewcast.base.cli import stage
from viewcast.base.paths import summary_path
from viewcast.report.audit_text import print_audit
from viewcast.report.audits import in_order, of_datasets, read
from viewcast.report.terminal_tables import print_table


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Read reports/summary.json and, if there is one, reports/audit.json."""
    rows, audits = json.loads(summary_path(root).read_text("utf-8")), read(root)
    print_table(rows, audits or [])
    datasets = [row["data"] for row in rows]
    print_audit(in_order(of_datasets(audits or [], datasets), datasets))
    if audits is None:
        print(f"Not audited yet: `{COMMAND}` says what these validation scores are worth.")
    print("Next: `make ui` compares the runs in MLflow; open reports/index.html for the report.")


if __name__ == "__main__":
    main()
