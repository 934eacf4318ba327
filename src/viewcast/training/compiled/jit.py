"""The decorators of compiled functions, with the options that all of them share.

No ``fastmath``: LLVM may not reorder sums, so bits are the same on every processor. ``numpy`` as
the model of errors: a division by zero is infinite, and raises nothing. ``_nrt=False``: arrays are
not counted, for the kernel makes none.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import extending, njit

OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A function that numba compiles; it stays callable from Python, and there too compiled."""
    return cast(Function, njit(function, **OPTIONS))


def intrinsic(function: Callable[..., Any]) -> Any:
    """A function of compiled functions that writes LLVM's instructions itself.

    It is given the types of its arguments, and returns its signature and what writes it.
    """
    return extending.intrinsic(prefer_literal=True)(function)
