"""The study: every experiment and baseline in one process, each done once.

Imports of torch and MLflow cost seconds, a small model milliseconds: so the runs share a process.
A run is kept, and not trained again, while its settings, its prepared data and the code that
trains are the same and the tracking store still knows it.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from viewcast.config import Tracking, construct, digest, parse, without_budget
from viewcast.origin import code_digest, files_digest
from viewcast.paths import prepared_path, study_path
from viewcast.progress import runs
from viewcast.run import run


def study(plans: dict[str, Any], tracking: dict[str, Any], root: Path) -> dict[str, str]:
    """Do every planned run; returns what became of each: ``kept``, ``finished``, ``diverged``.

    The result of an experiment that is no longer planned is removed. ``tracking`` is the section
    that plans leave out.
    """
    for folder in study_path(root, "").glob("*"):
        if folder.name not in (*plans, "checkpoints"):
            shutil.rmtree(folder)
    known = _known_runs(construct(Tracking, tracking, "tracking"))
    code = code_digest()
    outcome = {}
    with runs(len(plans)) as bar:
        for name, plan in plans.items():
            bar.update(bar.task_ids[0], description=name)
            config = parse({**plan, "tracking": tracking})
            folder = study_path(root, name)
            data = files_digest(prepared_path(root, config.data.name))
            key = digest([without_budget(plan), data, code])
            if _former_run(folder, key) in known:
                outcome[name] = "kept"
            else:
                outcome[name] = run(config, root, folder)["status"]
                (folder / "key").write_text(key)
            bar.advance(bar.task_ids[0])
    return outcome


def _known_runs(tracking: Tracking) -> set[str]:
    # MLflow takes a second to import: only who records pays.
    from viewcast.tracking.store import all_runs, connect  # noqa: PLC0415

    return {run.info.run_id for run in all_runs(*connect(tracking))}


def _former_run(folder: Path, key: str) -> str | None:
    marker = folder / "key"
    if not marker.is_file() or marker.read_text() != key:
        return None
    run_id: str = json.loads((folder / "result.json").read_text())["run_id"]
    return run_id
