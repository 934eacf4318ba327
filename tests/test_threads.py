"""Linear algebra on small matrices uses one thread."""

import sys
from collections.abc import Iterator

import numpy as np  # noqa: F401 (whose linear algebra it is about)
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from viewcast.base import threads
from viewcast.base.threads import one_thread


def _threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    with threadpool_limits(2, user_api="blas"):
        yield


def test_one_thread_in_the_block_and_as_many_as_before_after_it() -> None:
    with one_thread():
        assert _threads() == {1}
    assert _threads() == {2}


def test_a_machine_without_threadpoolctl_computes_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setattr(threads, "_controller", threads._controller.__wrapped__)
    with one_thread():
        assert _threads() == {2}
