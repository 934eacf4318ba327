"""All experiments and baselines of the pipeline, each trained once.

Importing torch and MLflow takes seconds and training a small model takes milliseconds, so the runs
share one process or two. A run is kept, and not trained again, while its settings, its prepared
data and the code that trains are the same, and the tracking store still has it.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

from viewcast.base import files, folders
from viewcast.base.errors import DataError
from viewcast.base.files import read_json
from viewcast.base.paths import experiment_path, experiments_path, prepared_path
from viewcast.base.progress import runs
from viewcast.base.provenance import code_digest, files_digest
from viewcast.base.settings import Tracking, construct, digest
from viewcast.base.top_level import end_with_parent
from viewcast.runs.run import run
from viewcast.runs.run_folder import RUN, check_output
from viewcast.tracking.look_tags import batch_id, join_batch
from viewcast.tracking.run_keys import recorded
from viewcast.training.config import Config, parse, without_budget
from viewcast.training.run_code import modules_of

LEFT_ALONE = "left alone"
FEW = 8  # runs that take no longer than another process takes to import torch and MLflow


def run_experiments(
    plans: dict[str, Any], tracking: dict[str, Any], root: Path, workers: int = 1
) -> dict[str, str]:
    """Do every planned run; returns the status of each: ``kept``, ``finished``, ``diverged``.

    The folder of an experiment that is no longer planned is removed. Anything else in its place is
    not touched, and is returned with the status ``left alone``. ``tracking`` is the section that
    plans leave out. ``workers``: processes that train at the same time, which changes no result;
    fewer than ``FEW`` runs are done in this process. Refuses (ConfigError), before the first run, a
    folder that is not one of a run.
    """
    due = _due(plans, tracking, root)
    for planned in due:
        check_output(root, experiment_path(root, planned.name))
    statuses = dict.fromkeys(plans, "kept")
    statuses |= dict.fromkeys(_remove_unplanned(root, plans), LEFT_ALONE)
    with runs(len(plans)) as bar:
        bar.advance(bar.task_ids[0], len(plans) - len(due))
        for name, status in _done(due, workers):
            statuses[name] = status
            bar.update(bar.task_ids[0], advance=1, description=name)
    return statuses


def code_of_folder(config: Config) -> str:
    """Hash of the code that decides the content of the folder of a run.

    Code that only writes to MLflow is not part of it.
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
        """Train and record the run; returns its status."""
        folder = experiment_path(self.root, self.name)
        status: str = run(parse(self.plain), self.root, folder)["status"]
        folders.note_made(folder, RUN, [*folders.made_in(folder), "key"])
        files.write(folder / "key", self.key, sync=False)  # without it, it is trained again
        return status


def _due(plans: dict[str, Any], tracking: dict[str, Any], root: Path) -> list[Due]:
    """The planned runs that are not done yet, or were made from something else."""
    known = recorded(construct(Tracking, tracking, "tracking"))
    due = []
    for name, plan in plans.items():
        plain = {**plan, "tracking": tracking}
        config = parse(plain)
        data = files_digest(prepared_path(root, config.data.name, config.data.part))
        key = digest([without_budget(plan), data, code_of_folder(config)])
        if _former_run(experiment_path(root, name), key) not in known:
            due.append(Due(name, plain, key, root))
    return due


def _remove_unplanned(root: Path, plans: Collection[str]) -> list[str]:
    """Remove the runs of experiments that are not planned; returns the names of all else."""
    left_alone = []
    for place in sorted(experiments_path(root).glob("*")):
        if place.name in plans or place.name == "checkpoints":
            continue
        if not ((place / "key").is_file() and folders.remove(place, RUN)):
            left_alone.append(place.name)
    return left_alone


def _done(due: list[Due], workers: int) -> Iterator[tuple[str, str]]:
    """Name and status of each run, in the order in which they end."""
    if workers == 1 or len(due) < FEW:
        yield from ((planned.name, planned()) for planned in due)
        return
    fresh = get_context("spawn")  # threads of torch do not survive a fork
    batch = (batch_id(due[0].root),)
    with ProcessPoolExecutor(workers, fresh, initializer=_worker, initargs=batch) as pool:
        names = {pool.submit(planned): planned.name for planned in due}
        try:
            for ended in as_completed(names):
                yield names[ended], ended.result()
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            for child in active_children():  # a signal may have reached this process alone
                child.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _worker(batch: str) -> None:
    """What a worker does first: its runs are of this batch, and it ends with its parent."""
    join_batch(batch)
    end_with_parent()


def _former_run(folder: Path, key: str) -> str | None:
    """The key of the run in a folder, None unless it was made from what ``key`` is of."""
    marker = folder / "key"
    if not marker.is_file() or marker.read_text("utf-8") != key:
        return None
    try:
        former: str | None = read_json(folder / "result.json", "").get("key")
    except DataError:  # it is trained again
        return None
    return former
