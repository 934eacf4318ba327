"""Print the last screen of `make run`: the winners, what diverged or was refused, where to look.

Of the demonstration it says what the attack on the leaderboard gained, and what a referee accepted.

`dvc repro` does not depend on the nightly retraining. If there were nights, this script puts their
section on the page.
"""

import json
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import summary_path
from viewcast.base.settings import Tracking, construct
from viewcast.demo import two_climbs
from viewcast.report import nights_record
from viewcast.report.addresses import addresses
from viewcast.report.audits import of_datasets, read
from viewcast.report.nights_page import write_page
from viewcast.report.overview import print_overview
from viewcast.runs.own_channels import sentence


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Read reports/summary.json and, if there is one, reports/audit.json."""
    if nights_record.read(root) is not None:
        write_page(root)
    rows = json.loads(summary_path(root).read_text("utf-8"))
    tracking = construct(Tracking, config["tracking"], "tracking")
    datasets = dict.fromkeys(str(row["data"]) for row in rows)
    audits = read(root)
    audits = None if audits is None else of_datasets(audits, datasets)
    climbs = two_climbs.read(root)
    found = two_climbs.line(climbs) if climbs and climbs.data in datasets else ""
    print_overview(rows, audits, addresses(root, tracking, list(datasets)), found)
    alone = sentence(config["datasets"])
    if alone is not None:
        print(f"  {alone}")


if __name__ == "__main__":
    main()
