"""Where tasks run: in threads of this process, or on the workers of a Dask cluster.

A task is a pure function of what all tasks share and of its own item. Its result does not depend on
where it runs, nor on how often it was begun. Only the caller writes: files, and runs of MLflow.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from threading import Event
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic.dataclasses import dataclass

from viewcast.base.pool import threads
from viewcast.base.settings import STRICT

SharedT = TypeVar("SharedT")
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Engine(Protocol):
    """The settings of an engine. ``here``: tasks run in this process, so that they may share its
    objects, its cores and its progress bar; else all that a task is given is pickled.
    """

    here: ClassVar[bool]

    @property
    def name(self) -> str:
        """Names it in messages."""

    def run(
        self,
        call: Callable[[SharedT, ItemT], ResultT],
        shared: SharedT,
        items: Sequence[ItemT],
        ended: Callable[[int, ResultT], Any],
        workers: int = 1,
        stop: Event | None = None,
    ) -> None:
        """Do ``call(shared, item)`` for each item; give ``ended`` its place and its result.

        ``ended`` is called in this thread, as soon as a task ends. ``workers``: tasks at the same
        time, where the engine is ``here``. After an error, or an interruption by the user, no
        further task begins and ``stop`` is set. Raises what a task or ``ended`` raised, and
        ConfigError, in words, where there is nobody to do the tasks.
        """


@dataclass(frozen=True, config=STRICT)
class Local:
    """Threads of this process; a single one is the calling thread itself."""

    name: str = "local"
    here: ClassVar[bool] = True

    def run(
        self,
        call: Callable[[SharedT, ItemT], ResultT],
        shared: SharedT,
        items: Sequence[ItemT],
        ended: Callable[[int, ResultT], Any],
        workers: int = 1,
        stop: Event | None = None,
    ) -> None:
        """As ``Engine.run``."""
        workers = min(workers, len(items))
        if workers <= 1:
            for place, item in enumerate(items):
                ended(place, call(shared, item))
            return
        with threads(workers, stop) as pool:
            places = {pool.submit(call, shared, item): place for place, item in enumerate(items)}
            for done in as_completed(places):
                ended(places[done], done.result())
