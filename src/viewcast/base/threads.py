"""One thread for small matrices.

By default NumPy's linear algebra starts a thread on each core. On the matrices of a night, some
hundred rows, these threads wait for one another: a fit takes 45 times the CPU seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra in the block uses one thread; as many as before where threadpoolctl lacks."""
    controller = _controller()
    if controller is None:
        yield
        return
    with controller.limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    """Once for a process: it looks through all libraries that are loaded."""
    try:
        library = import_module("threadpoolctl")  # comes with the extra forecasting
    except ImportError:
        return None
    return library.ThreadpoolController()
