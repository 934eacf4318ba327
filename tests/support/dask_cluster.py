"""The processes of a Dask cluster on the machines of a network, and what befalls them.

Each is forked from the server of ``support.processes``, which has imported what takes seconds.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from support.namespaces import Network, unplug
from support.processes import FRESH, die
from viewcast import __version__
from viewcast.runs.sweep import sweep
from viewcast.sweep import cohorts
from viewcast.sweep.results import Results

PORT, PART = 8786, 16  # candidates of a part
SCHEDULER, DRIVER = "scheduler", "driver"
trained_part = cohorts.trained_part


@contextmanager
def cluster(net: Network, folder: Path) -> Iterator[None]:
    """A scheduler on its machine and a worker on each of the others but the driver's."""
    workers = [name for name in net.machines if name not in (SCHEDULER, DRIVER)]
    calls = [(_scheduler, (net,)), *((_worker, (net, name, folder / name)) for name in workers)]
    processes: list[BaseProcess] = [
        FRESH.Process(target=function, args=arguments) for function, arguments in calls
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def drive(net: Network, root: Path, plain: dict[str, Any], log: Path, how: str) -> None:
    """A sweep from the driver's machine. ``how``: what befalls whom in the middle of it."""
    net.enter(DRIVER)
    cohorts.LARGEST = PART
    cohorts.trained_part = partial(_logged, log=log, how=how)  # type: ignore[assignment]
    if how == "driver killed":
        kept, write = [], Results.write

        def deadly(tables: Results, folder: Path) -> None:
            write(tables, folder)
            kept.append(folder)
            if len(kept) == 2:
                die()

        Results.write = deadly  # type: ignore[method-assign]
    sweep(plain, root)


def _logged(made: Any, part: tuple[int, range], log: Path, how: str) -> Results:
    from distributed import get_worker  # noqa: PLC0415 (an extra)

    name = str(get_worker().name)
    with (log / f"{how}: {name}").open("a") as begun:
        begun.write(f"{part}\n")
    if how == "workers lost" and name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "workers lost" and name == "cut":
        unplug()
    return trained_part(made, part)


def _configure() -> None:
    import dask  # noqa: PLC0415 (an extra)

    # A worker that is silent for so long is lost: of Dask's least, 5 s, the default is 5 minutes.
    dask.config.set({"distributed.scheduler.worker-ttl": "1s"})


def _scheduler(net: Network) -> None:
    from distributed import Scheduler  # noqa: PLC0415

    net.enter(SCHEDULER)
    _configure()

    async def serve() -> None:
        host = net.address(SCHEDULER)
        async with Scheduler(host=host, port=PORT, dashboard=False) as scheduler:
            await scheduler.finished()

    asyncio.run(serve())


def _worker(net: Network, name: str, folder: Path) -> None:
    net.enter(name)
    work(f"tcp://{net.address(SCHEDULER)}:{PORT}", name, folder)


def work(scheduler: str, name: str, folder: Path, version: str | None = __version__) -> None:
    """Be a worker, whose viewcast has that version (None: which has no viewcast)."""
    installed = metadata.version

    def found(package: str) -> str:
        if package != "viewcast":
            return installed(package)
        if version is None:
            raise metadata.PackageNotFoundError(package)
        return version

    metadata.version = found  # type: ignore[assignment]
    from distributed import Worker  # noqa: PLC0415 (it takes the function along)

    _configure()

    async def serve() -> None:
        settings = {"nthreads": 1, "memory_limit": 0, "dashboard": False}
        async with Worker(scheduler, name=name, local_directory=str(folder), **settings) as worker:
            await worker.finished()

    asyncio.run(serve())


def worker(scheduler: str, folder: Path, version: str | None = __version__) -> BaseProcess:
    """A worker in a process of its own on this machine, which the caller ends."""
    made = FRESH.Process(target=work, args=(scheduler, "worker", folder, version))
    made.start()
    return made


def deadly_square(mark: Path, item: int) -> int:
    """The square of a number; the first process that is asked for one dies."""
    if not mark.exists():
        mark.touch()
        die()
    return item**2
