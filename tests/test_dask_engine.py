"""The workers of a Dask cluster as an engine: what it says where they cannot do their work."""

import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.dask_cluster import deadly_square, worker
from support.project import Project
from support.sweeps import composed
from viewcast.base.dask_engine import Dask
from viewcast.base.engine import Engine, Local
from viewcast.base.errors import ConfigError
from viewcast.base.settings import build
from viewcast.sweep import cohorts
from viewcast.sweep.members import members
from viewcast.sweep.space import base_of


def cluster(workers: int) -> Any:
    """A scheduler in this process, and so many workers."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    where = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": ":0"}
    return distributed.LocalCluster(n_workers=workers, processes=False, **where)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler without workers; tests bring their own."""
    with cluster(0) as made:
        yield made.scheduler_address


def square(shared: int, item: int) -> int:
    if item < 0:
        raise ConfigError(f"{item} is negative")
    return shared * item**2


def results(engine: Engine, call: Callable[[Any, int], int], shared: Any, items: list[int]) -> Any:
    found: dict[int, int] = {}
    engine.run(call, shared, items, found.__setitem__, workers=2)
    return [found[place] for place in range(len(items))]


def test_an_address_where_nobody_listens_is_refused(scheduler: str) -> None:
    with pytest.raises(ConfigError, match=r"engine\.scheduler = tcp://127\.0\.0\.1:9: no Dask"):
        results(Dask("tcp://127.0.0.1:9", timeout=0.1), square, 1, [1])
    with pytest.raises(ConfigError, match=r"engine\.scheduler = ftp://there: no Dask scheduler"):
        results(Dask("ftp://there", timeout=0.1), square, 1, [1])


def test_a_scheduler_without_workers_is_refused(scheduler: str) -> None:
    with pytest.raises(ConfigError, match=rf"no worker was there.*dask worker {scheduler}"):
        results(Dask(scheduler, timeout=0.1), square, 1, [1])


@pytest.mark.parametrize(
    ("version", "message"), [(None, "has no viewcast; install"), ("0.0.1", "has viewcast 0.0.1")]
)
def test_a_worker_that_cannot_give_the_same_bits_is_refused(
    scheduler: str, tmp_path: Path, version: str | None, message: str
) -> None:
    process = worker(scheduler, tmp_path, version)
    try:
        with pytest.raises(ConfigError, match=rf"the worker tcp://127\S+ {message}"):
            results(Dask(scheduler), square, 1, [1])
    finally:
        process.kill()
        process.join()


def test_both_engines_give_results_and_errors_of_tasks(scheduler: str, tmp_path: Path) -> None:
    process = worker(scheduler, tmp_path)
    try:
        for engine in (Local(), Dask(scheduler)):
            assert results(engine, square, 2, list(range(20))) == [2 * n**2 for n in range(20)]
            with pytest.raises(ConfigError, match="-1 is negative"):
                results(engine, square, 2, [1, -1, 2])
    finally:
        process.kill()
        process.join()


def test_what_is_shared_is_sent_anew_where_all_who_held_it_are_lost(
    scheduler: str, tmp_path: Path
) -> None:
    first, mark = worker(scheduler, tmp_path / "first"), tmp_path / "mark"
    others = []

    def replace_it() -> None:
        first.join()
        others.append(worker(scheduler, tmp_path / "second"))

    watching = threading.Thread(target=replace_it)
    watching.start()
    try:
        assert results(Dask(scheduler), deadly_square, mark, [3, 4, 5]) == [9, 16, 25]
    finally:
        watching.join()
        for process in others:
            process.kill()
            process.join()


def test_a_lost_scheduler_is_told_and_what_ended_is_kept() -> None:
    kept: list[int] = []
    with cluster(1) as made:

        def ended(place: int, result: int) -> None:
            kept.append(result)
            made.close()

        with pytest.raises(ConfigError, match="the connection to the scheduler was lost"):
            Dask(made.scheduler_address).run(square, 1, list(range(50)), ended)
    assert kept


def test_a_task_is_refused_by_a_worker_whose_code_is_another(project: Project) -> None:
    project.prepare(project.config())
    made: list[Any] = []

    class Kept:
        here = False

        def run(self, call: Any, shared: Any, items: Any, *rest: Any) -> None:
            made.extend(shared)
            raise ConfigError("not trained")

    base = base_of(composed(project))
    with pytest.raises(ConfigError, match="not trained"):
        cohorts.train(members(base, [{}]), project.root, project.root, print, engine=Kept())
    with pytest.raises(ConfigError, match="a worker has another version of viewcast's code"):
        cohorts.trained_part([replace(made[0], code="another")], (0, range(1)))


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=re.escape("pip install 'viewcast[dask]'")):
        results(Dask("tcp://127.0.0.1:9"), square, 1, [1])


def test_a_wrong_key_of_an_engine_is_refused() -> None:
    section = {"_target_": "viewcast.base.dask_engine.Dask", "schedular": "tcp://a:1"}
    with pytest.raises(ConfigError, match=r"unknown key engine\.schedular; allowed: engine\.sched"):
        build(section, "engine", Engine)
