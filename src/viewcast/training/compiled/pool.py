"""Several candidates on their way at the same time, each in a thread of its own."""

from collections.abc import Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from viewcast.training.compiled.call import Kernel
from viewcast.training.compiled.training import SLICE_SECONDS, Training

Step = tuple[Training, int, bool]  # of a candidate: its epochs done, and whether it has ended


def steps(trainings: Sequence[Training], kernel: Kernel, workers: int) -> Iterator[Step]:
    """Train each to its end; after each call of the kernel a step, in the thread of the caller.

    Steps of one candidate come in their order. Who stops iterating waits until the calls that are
    under way have returned, a fraction of a second; nothing goes on after that.
    """
    if workers <= 1:
        for training in trainings:
            yield from _alone(training, kernel)
        return
    stop, told = Event(), SimpleQueue[Any]()
    waiting = _Shared(trainings)
    threads = [
        Thread(target=_work, args=(waiting, kernel, stop, told), daemon=True)
        for _ in range(workers)
    ]
    try:
        for thread in threads:
            thread.start()
        yield from _told(told, len(threads))
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _alone(training: Training, kernel: Kernel) -> Iterator[Step]:
    training.begin()
    ended = False
    while not ended:
        training.go_on(kernel)
        ended = training.ended
        yield training, training.epoch, ended


class _Shared:
    """The items of a sequence, each given to one of several threads."""

    def __init__(self, items: Iterable[Training]) -> None:
        self.items, self.lock = iter(items), Lock()

    def next(self) -> Training | None:
        with self.lock:
            return next(self.items, None)


def _work(waiting: _Shared, kernel: Kernel, stop: Event, told: SimpleQueue[Any]) -> None:
    """Train one candidate after another; tell each step, an error, and at last None."""
    try:
        while not stop.is_set() and (training := waiting.next()) is not None:
            for step in _alone(training, kernel):
                told.put(step)
                if stop.is_set():
                    return
    except BaseException as error:  # noqa: BLE001 (the caller's thread raises it)
        told.put(error)
    finally:
        told.put(None)


def _told(told: SimpleQueue[Any], working: int) -> Iterator[Step]:
    """What the threads tell, until all have told None; raises the error of a thread."""
    while working:
        try:
            step = told.get(timeout=SLICE_SECONDS)  # Windows interrupts no wait without an end
        except Empty:
            continue
        if step is None:
            working -= 1
        elif isinstance(step, BaseException):
            raise step
        else:
            yield step
