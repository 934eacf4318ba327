"""The study: every experiment and baseline, each done once.

Imports of torch and MLflow cost seconds, a small model milliseconds: so the runs share a process or
two.
A run is kept, and not trained again, while its settings, its prepared data and the code that
trains are the same and the tracking store still knows it.
"""

import json
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from viewcast.base import files, folders
from viewcast.base.paths import experiment_path, experiments_path, prepared_path
from viewcast.base.progress import runs
from viewcast.base.provenance import code_digest, files_digest
from viewcast.base.settings import Tracking, construct, digest
from viewcast.runs.run import RUN, places, run
from viewcast.training.config import Config, parse, without_budget
from viewcast.training.run_code import modules_of

LEFT_ALONE = "left alone"
FEW = 8  # runs that take no longer than another process takes to import torch and MLflow


def run_experiments(
    plans: dict[str, Any], tracking: dict[str, Any], root: Path, workers: int = 1
) -> dict[str, str]:
    """Do every planned run; returns what became of each: ``kept``, ``finished``, ``diverged``.

    The result of an experiment that is no longer planned is removed. Anything else in its place is
    ``left alone``, and is named in what is returned. ``tracking`` is the section that plans leave
    out. ``workers``: processes that train at the same time, which changes no result; a few runs are
    done sooner in this one. Refuses (ConfigError), before the first run, a folder that may hold
    something else than a run.
    """
    for name in plans:
        places(root, experiment_path(root, name))
    left_alone = _remove_unplanned(root, plans)
    known = _known_runs(construct(Tracking, tracking, "tracking"))
    outcome = dict.fromkeys(plans, "kept") | dict.fromkeys(left_alone, LEFT_ALONE)
    due = []
    for name, plan in plans.items():
        plain = {**plan, "tracking": tracking}
        config = parse(plain)
        data = files_digest(prepared_path(root, config.data.name))
        key = digest([without_budget(plan), data, code_of_folder(config)])
        if _former_run(experiment_path(root, name), key) not in known:
            due.append(Due(name, plain, key, root))
    with runs(len(plans)) as bar:
        bar.advance(bar.task_ids[0], len(plans) - len(due))
        for name, status in _done(due, workers):
            outcome[name] = status
            bar.update(bar.task_ids[0], advance=1, description=name)
    return outcome


def code_of_folder(config: Config) -> str:
    """Hash of the code that decides what the folder of a run holds: its scores and its files.

    How MLflow is written to is no part of it.
    """
    return code_digest("viewcast.runs.run", *modules_of(config), without=("viewcast.tracking",))


@dataclass(frozen=True)
class Due:
    """A run to be done: its name, its whole mapping, and the key of what it is made from."""

    name: str
    plain: dict[str, Any]
    key: str
    root: Path

    def __call__(self) -> str:
        """Train and record it; what became of it."""
        folder = experiment_path(self.root, self.name)
        status: str = run(parse(self.plain), self.root, folder)["status"]
        files.write(folder / "key", self.key)
        return status


def _remove_unplanned(root: Path, plans: Collection[str]) -> list[str]:
    """Remove the runs of experiments that are not planned; the names of what is none of them."""
    left_alone = []
    for place in sorted(experiments_path(root).glob("*")):
        if place.name in plans or place.name == "checkpoints":
            continue
        if not ((place / "key").is_file() and folders.remove(place, RUN)):
            left_alone.append(place.name)
    return left_alone


def _done(due: list[Due], workers: int) -> Iterator[tuple[str, str]]:
    """Name and status of each run, as they end."""
    if workers == 1 or len(due) < FEW:
        yield from ((one.name, one()) for one in due)
        return
    from viewcast.tracking.look_tags import batch_id, join_batch  # noqa: PLC0415 (as below)

    fresh = get_context("spawn")  # threads of torch do not survive a fork
    own = (batch_id(due[0].root),)
    with ProcessPoolExecutor(workers, fresh, initializer=join_batch, initargs=own) as pool:
        names = {pool.submit(one): one.name for one in due}
        try:
            for ended in as_completed(names):
                yield names[ended], ended.result()
        finally:
            pool.shutdown(cancel_futures=True)


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
