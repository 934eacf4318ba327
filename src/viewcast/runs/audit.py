"""The audit of an experiment: read its runs, assess them, store the result, annotate the runs."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from viewcast.assessment.audit import audit
from viewcast.assessment.result import AuditResult
from viewcast.assessment.result_file import AuditFile, is_audit
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.usage import row_usage
from viewcast.base import files, folders
from viewcast.base.paths import asked_path, audit_path, uses_path
from viewcast.tracking.moved import follow_project
from viewcast.tracking.read.gather import gather
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.write.annotate import annotate


def audit_experiment(settings: AuditSettings, root: Path) -> list[AuditResult]:
    """The results for each holdout; see ``audit_all``."""
    return list(audit_all(settings, root).audits)


def audit_all(settings: AuditSettings, root: Path) -> AuditFile:
    """Gather the runs, audit each holdout, write the results and annotate the runs.

    Writes the output and, in a table of its own, how often each row was used, each in one step. The
    project's file names runs by keys (``viewcast.tracking.run_keys``), others by MLflow's ids.
    Refuses (ConfigError) an output that would replace anything but a former audit, and raises what
    ``viewcast.tracking.read.gather.gather`` raises, before anything is written.
    """
    output, rows = paths(settings, root)
    output = folders.check_file(root, output, "former audit", is_audit)
    rows = folders.check_file(root, rows, "table of rows of a former audit", _is_rows)
    experiment = settings.experiment or settings.tracking.experiment
    beside = settings.experiment is None
    asked = ReadSettings(metric=settings.metric, holdout=settings.holdout)
    if settings.write:
        follow_project(settings.tracking)
    gathered = gather(settings.tracking.uri, experiment, asked, beside)
    results = audit(
        gathered.studies, settings, gathered.experiment, gathered.opened, gathered.refereed
    )
    found = AuditFile(tuple(results), tuple(gathered.refereed))
    with files.replacing(rows) as partial:
        row_usage(gathered.studies).to_parquet(partial, index=False)
    stored = found.renamed(gathered.keys) if output == audit_path(root) else found
    files.write(output, stored.text())
    if settings.write:
        annotate(gathered, results)
    return found


def paths(settings: AuditSettings, root: Path) -> tuple[Path, Path]:
    """The files of the results and of the rows.

    Those of the project, or files named after the experiment or the holdout that was given.
    """
    given = settings.holdout or settings.experiment
    if settings.output is None and given is None:
        return audit_path(root), uses_path(root)
    name = re.sub(r"[^\w.-]+", "_", given or "").strip("._") or "audit"
    output = asked_path(root, name) if settings.output is None else root / settings.output
    return output, output.with_name(f"{output.stem}_rows.parquet")


def _is_rows(path: Path) -> bool:
    """Whether a file holds how often rows were used."""
    try:
        return {"holdout", "runs", "scores"} <= set(pq.read_schema(path).names)
    except (OSError, pa.ArrowInvalid):
        return False
