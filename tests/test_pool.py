"""Work that several threads share."""

import threading
from threading import Event

import pytest

from viewcast.base.pool import cores, in_threads, until


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert in_threads(lambda item: item**2, range(7), workers) == [0, 1, 4, 9, 16, 25, 36]
    assert in_threads(lambda item: item, [], workers) == []


def test_one_worker_is_the_calling_thread() -> None:
    found = in_threads(lambda item: threading.current_thread(), [1, 2], 1)
    assert found == [threading.current_thread()] * 2


def test_after_an_error_no_item_begins_and_the_others_are_told_to_stop() -> None:
    stop, began = Event(), set()

    def call(item: int) -> None:
        began.add(item)
        if item == 0:
            raise ValueError("of item 0")
        stop.wait()

    with pytest.raises(ValueError, match="of item 0"):
        in_threads(call, range(99), 2, stop)
    assert stop.is_set()
    assert len(began) < 99


def test_a_function_raises_once_it_is_to_stop() -> None:
    stop = Event()
    double = until(stop, lambda number: 2 * number)
    assert double(2) == 4
    stop.set()
    with pytest.raises(InterruptedError):
        double(2)


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
