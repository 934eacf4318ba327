"""The audit of an experiment, from the tracking server to files and back to its runs."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.audit.audit import audit
from viewcast.audit.counts import uses
from viewcast.audit.settings import AuditSettings
from viewcast.base.paths import asked_path, audit_path, uses_path


def audit_experiment(settings: AuditSettings, root: Path) -> list[dict[str, Any]]:
    """Gather, price, store and annotate; one object per holdout, see ``viewcast.audit.audit``.

    Writes the output and, in a table of its own, how often each row was used, each in one step.
    Raises what ``viewcast.tracking.read.gather.gather`` raises, before anything is written.
    """
    # MLflow takes a second to import: only who reads a store pays.
    from viewcast.tracking.read.gather import gather  # noqa: PLC0415
    from viewcast.tracking.write.annotate import annotate  # noqa: PLC0415

    asked = settings.experiment or settings.tracking.experiment
    beside = settings.experiment is None
    gathered = gather(settings.tracking.uri, asked, settings.holdout, settings.metric, beside)
    found = audit(gathered.studies, settings, gathered.experiment, gathered.opened)
    output, rows = paths(settings, root)
    _write_rows(uses(gathered.studies), rows)
    _write(found, output)
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


def _write(found: list[dict[str, Any]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    partial.replace(path)


def _write_rows(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    table.to_parquet(partial, index=False)
    partial.replace(path)
