"""Linear algebra on small matrices uses one thread."""

import sys

import pytest
from threadpoolctl import threadpool_info

from viewcast.base import threads
from viewcast.base.threads import one_thread


def _threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_one_thread_in_the_block_and_as_many_as_before_after_it() -> None:
    before = _threads()
    with one_thread():
        assert set(_threads()) == {1}
    assert _threads() == before


def test_a_machine_without_threadpoolctl_computes_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setattr(threads, "_controller", threads._controller.__wrapped__)
    before = _threads()
    with one_thread():
        assert _threads() == before
