"""Audit an experiment: what its validation scores are worth.

`python pipelines/audit.py`, or `python pipelines/audit.py tracking.uri=... experiment=...`
"""

from pathlib import Path
from typing import Any

from viewcast.assessment.settings import AuditSettings
from viewcast.base.cli import stage
from viewcast.base.settings import construct, section
from viewcast.report.audit_text import print_audit
from viewcast.report.audits import named
from viewcast.runs.audit import audit_all

WHICH = {name: f"which.{name}" for name in ("experiment", "holdout")}


@stage(__file__, "audit", short=WHICH)
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/audit.json and build/audit/, annotate the runs, and print the result."""
    which = section(config, "which")
    del config["which"]
    settings: AuditSettings = construct(AuditSettings, {**config, **which}, "")
    found = audit_all(settings, root)
    print_audit(named(found.audits), found.refereed)


if __name__ == "__main__":
    main()
