"""The study: every experiment and baseline in one process, each done once.

Imports of torch and MLflow cost seconds, a small model milliseconds: so the runs share a process.
A run is kept, and not trained again, while its settings, its prepared data and the code that
trains are the same and the tracking store still knows it.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from viewcast.config import Tracking, construct, digest, parse
from viewcast.paths import prepared_path, study_path
from viewcast.progress import runs
from viewcast.run import run

PACKAGE = Path(__file__).parent
NOT_TRAINING = ("report", "data")  # their effect on a run is in the prepared table, or is none


def study(plans: dict[str, Any], tracking: dict[str, Any], root: Path) -> dict[str, str]:
    """Do every planned run; returns what became of each: ``kept``, ``finished``, ``diverged``.

    The result of an experiment that is no longer planned is removed. ``tracking`` is the section
    that plans leave out.
    """
    for folder in study_path(root, "").glob("*"):
        if folder.name not in (*plans, "checkpoints"):
            shutil.rmtree(folder)
    known = _known_runs(construct(Tracking, tracking, "tracking"))
    code = _digest_of(*sorted(_training_code()))
    outcome = {}
    with runs(len(plans)) as bar:
        for name, plan in plans.items():
            bar.update(bar.task_ids[0], description=name)
            config = parse({**plan, "tracking": tracking})
            folder = study_path(root, name)
            data = _digest_of(prepared_path(root, config.data.name))
            key = digest([plan, data, code])
            if _former_run(folder, key) in known:
                outcome[name] = "kept"
            else:
                outcome[name] = run(config, root, folder)["status"]
                (folder / "key").write_text(key)
            bar.advance(bar.task_ids[0])
    return outcome


def _known_runs(tracking: Tracking) -> set[str]:
    from viewcast.tracking.store import connect  # noqa: PLC0415 (MLflow: only who records pays)

    client, experiment = connect(tracking)
    found: set[str] = set()
    token = None
    while token != "":
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        found.update(run.info.run_id for run in page)
        token = page.token or ""
    return found


def _former_run(folder: Path, key: str) -> str | None:
    marker = folder / "key"
    if not marker.is_file() or marker.read_text() != key:
        return None
    run_id: str = json.loads((folder / "result.json").read_text())["run_id"]
    return run_id


def _training_code() -> list[Path]:
    files = PACKAGE.rglob("*.py")
    return [file for file in files if file.relative_to(PACKAGE).parts[0] not in NOT_TRAINING]


def _digest_of(*files: Path) -> str:
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return digest(digests)
