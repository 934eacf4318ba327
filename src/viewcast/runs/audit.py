"""The audit of an experiment, from the tracking server to files and back to its runs."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewcast.audit.audit import audit
from viewcast.audit.counts import uses
from viewcast.audit.settings import AuditSettings
from viewcast.base import files, folders
from viewcast.base.paths import asked_path, audit_path, uses_path


def audit_experiment(settings: AuditSettings, root: Path) -> list[dict[str, Any]]:
    """Gather, price, store and annotate; one object per holdout, see ``viewcast.audit.audit``.

    Writes the output and, in a table of its own, how often each row was used, each in one step.
    Refuses (ConfigError) an output that would replace anything but a former audit, and raises what
    ``viewcast.tracking.read.gather.gather`` raises, before anything is written.
    """
    # MLflow takes a second to import: only who reads a store pays.
    from viewcast.tracking.read.gather import gather  # noqa: PLC0415
    from viewcast.tracking.write.annotate import annotate  # noqa: PLC0415

    output, rows = paths(settings, root)
    output = folders.check_file(root, output, "former audit", _is_audit)
    rows = folders.check_file(root, rows, "table of rows of a former audit", _is_rows)
    asked = settings.experiment or settings.tracking.experiment
    beside = settings.experiment is None
    gathered = gather(settings.tracking.uri, asked, settings.holdout, settings.metric, beside)
    found = audit(gathered.studies, settings, gathered.experiment, gathered.opened)
    with files.replacing(rows) as partial:
        uses(gathered.studies).to_parquet(partial, index=False)
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    files.write(output, text + "\n")
    if settings.write:
        annotate(gathered, found)
    return found


def paths(settings: AuditSettings, root: Path) -> tuple[Path, Path]:
    """The file of the answer and that of the rows: the project's own, or of what was asked for."""
    asked = settings.holdout or settings.experiment
    if settings.output is None and asked is None:
        return audit_path(root), uses_path(root)
    name = re.sub(r"[^\w.-]+", "_", asked or "").strip("._") or "audit"
    answer = asked_path(root, name) if settings.output is None else root / settings.output
    return answer, answer.with_name(f"{answer.stem}_rows.parquet")


def _is_audit(path: Path) -> bool:
    """Whether a file holds a former audit, of version 0.1 too."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        audits = stored["audits"] if isinstance(stored, dict) else stored
        return all({"holdout", "verdict"} <= one.keys() for one in audits)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_rows(path: Path) -> bool:
    """Whether a file holds how often rows were used."""
    try:
        return {"holdout", "runs", "scores"} <= set(pq.read_schema(path).names)
    except (OSError, pa.ArrowInvalid):
        return False
