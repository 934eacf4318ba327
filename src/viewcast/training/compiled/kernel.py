"""The kernel: the training loop as one C function of addresses (``call.Kernel``)."""

from typing import Any

import numba
from numba import types

from viewcast.training.compiled.jit import OPTIONS
from viewcast.training.compiled.loop import descend
from viewcast.training.compiled.memory import (
    NAMES,
    Memory,
    books_at,
    numbers_at,
    settings_at,
)

SIGNATURE = types.int64(*(5 * [types.int64]))
ARRAYS = len(NAMES)


def train(addresses: Any, sizes: Any, settings: Any, books: Any, budget: Any) -> int:
    """Go on with the candidate at these addresses, by at most ``budget`` blocks of rows."""
    memory = Memory(
        numbers_at(addresses, ARRAYS),
        numbers_at(sizes, ARRAYS),
        settings_at(settings, 1)[0],
        books_at(books, 1)[0],
    )
    descend(memory, budget)
    return 0


def build() -> Any:
    """The numba cfunc of the kernel; compiling it takes some seconds."""
    return numba.cfunc(SIGNATURE, **OPTIONS)(train)
