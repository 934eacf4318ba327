"""What Dask adds: to a task, to the data of a sweep, and to a sweep on the cores of this machine.

A scheduler and two workers are processes of their own here. Both engines train the same sweep in
turns; the best of all rounds counts, because other work beside only adds.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.project import Project
from viewcast.base.dask_engine import Dask
from viewcast.runs.sweep import sweep

WORKERS = 2
TASKS = 4_000
ROUNDS = 3
SHARED_MIB = 64
SEEDS = 6 * 176  # six parts
TRAINING = ("data=channel", "model=deep", "trainer.epochs=200", "trainer.patience=null")


def main() -> None:
    with cluster() as address:
        rows = [*tasks(address), data(address), *sweeps(address)]
    keep(
        "dask",
        rows,
        f"a scheduler and {WORKERS} workers of one thread on this machine; CPU seconds of the "
        "scheduler, the workers and this process; efficiency: wall seconds of the local engine "
        f"with {WORKERS} threads by those of Dask, the best of {ROUNDS} rounds each, target 0.9",
    )


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a scheduler whose workers have joined."""
    programs = str(Path(sys.executable).parent / "dask")
    address = "tcp://127.0.0.1:8799"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    arguments = [["scheduler", "--host", "127.0.0.1", "--port", "8799"]]
    arguments += [["worker", address, "--nthreads", "1", "--no-nanny"]] * WORKERS
    started = [subprocess.Popen([programs, *each, "--no-dashboard"], **quiet) for each in arguments]
    try:
        with _client(address) as client:
            client.wait_for_workers(WORKERS, timeout=60)
        yield address
    finally:
        for process in started:
            process.terminate()
            process.wait()


def _client(address: str) -> Any:
    from distributed import Client  # noqa: PLC0415 (an extra)

    return Client(address, timeout=60, set_as_default=False)


def _nothing(shared: Any, item: Any) -> int:
    return 0


def _ignored(place: int, result: int) -> None:
    pass


def cpu(address: str) -> dict[str, float]:
    """CPU seconds so far of each kind of process."""
    with _client(address) as client:
        return {
            "scheduler CPU s": client.run_on_scheduler(time.process_time),
            "workers CPU s": sum(client.run(time.process_time).values()),
            "driver CPU s": time.process_time(),
        }


def measured(address: str, call: Any) -> dict[str, float]:
    """Wall and CPU seconds of a call."""
    before, start = cpu(address), time.perf_counter()
    call()
    wall = time.perf_counter() - start
    after = cpu(address)
    return {"wall s": wall, **{name: after[name] - before[name] for name in after}}


def row(
    what: str, count: int, taken: dict[str, float], figure: str, value: float
) -> dict[str, Any]:
    return {"what": what, "count": count, **taken, "figure": figure, "value": value}


def tasks(address: str) -> Iterator[dict[str, Any]]:
    """Connecting, and tasks that do nothing: what one of them costs, and whom."""
    engine = Dask(address)
    engine.run(_nothing, None, [0], _ignored)
    taken = measured(address, lambda: engine.run(_nothing, None, [0], _ignored))
    yield row("connect, one empty task", 1, taken, "ms", 1e3 * taken["wall s"])
    many = measured(address, lambda: engine.run(_nothing, None, range(TASKS), _ignored))
    apiece = (many["wall s"] - taken["wall s"]) / TASKS
    yield row("empty tasks", TASKS, many, "ms a task", 1e3 * apiece)
    rate = TASKS / many["scheduler CPU s"]
    yield row("empty tasks", TASKS, many, "tasks a CPU second of the scheduler", rate)


def data(address: str) -> dict[str, Any]:
    """What is shared, sent to every worker once."""
    shared = np.random.default_rng(0).random(SHARED_MIB * 2**17)
    taken = measured(address, lambda: Dask(address).run(_nothing, shared, [0], _ignored))
    rate = SHARED_MIB * WORKERS / taken["wall s"]
    return row(f"{SHARED_MIB} MiB to each worker", WORKERS, taken, "MiB/s", rate)


def sweeps(address: str) -> Iterator[dict[str, Any]]:
    """The same sweep on both engines, in turns."""
    best: dict[str, dict[str, float]] = {}
    tables: set[bytes] = set()
    for _ in range(ROUNDS):
        for engine in (("engine=local",), ("engine=dask", f"engine.scheduler={address}")):
            with tempfile.TemporaryDirectory() as folder:
                project = Project(Path(folder))
                project.prepare(project.config(*TRAINING))
                plain = project.plain(*TRAINING, *engine, config_name="sweep")
                plain["sweep"] = {"seed": list(range(SEEDS))}
                plain["search"]["workers"] = WORKERS
                taken = measured(address, lambda: sweep(plain, project.root))  # noqa: B023
                (table,) = Path(folder).glob("build/sweeps/*/tables/predictions.parquet")
                tables.add(table.read_bytes())
            former = best.get(engine[0])
            if former is None or taken["wall s"] < former["wall s"]:
                best[engine[0]] = taken
    assert len(tables) == 1, "the engines' predictions differ"
    for name, taken in best.items():
        share = best["engine=local"]["wall s"] / taken["wall s"]
        yield row(f"sweep, {name}", SEEDS, taken, "efficiency", share)


if __name__ == "__main__":
    main()
