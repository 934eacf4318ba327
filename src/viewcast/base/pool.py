"""Work that several threads share."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import ParamSpec, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
P = ParamSpec("P")


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(
    call: Callable[[ItemT], ResultT],
    items: Sequence[ItemT],
    workers: int,
    stop: Event | None = None,
) -> list[ResultT]:
    """The result of each item, in their order; one worker is the calling thread itself.

    After an error, or an interruption by the user, no further item begins and ``stop`` is set, so
    that a call which looks at it can end early.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        return [call(item) for item in items]
    with threads(workers, stop) as pool:
        return list(pool.map(call, items))


@contextmanager
def threads(workers: int, stop: Event | None = None) -> Iterator[ThreadPoolExecutor]:
    """A pool of which, after an error in the context, nothing more begins and ``stop`` is set."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    except BaseException:
        if stop is not None:
            stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def until(stop: Event, call: Callable[P, ResultT]) -> Callable[P, ResultT]:
    """The same function, which raises InterruptedError once ``stop`` is set."""

    def checked(*args: P.args, **kwargs: P.kwargs) -> ResultT:
        if stop.is_set():
            raise InterruptedError("another thread was interrupted")
        return call(*args, **kwargs)

    return checked
