"""The decorators of compiled functions, with the options that all of them share.

No ``fastmath``: LLVM may not reorder sums, so bits are the same on every processor. ``numpy`` as
the model of errors: a division by zero is infinite, and raises nothing. ``_nrt=False``: arrays are
not counted, for the kernel makes none; a function that would allocate one is refused. With
``VIEWCAST_CHECK_BOUNDS=1`` in the environment every index is checked (``matrix``).
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import extending, njit

CHECKED = os.environ.get("VIEWCAST_CHECK_BOUNDS") == "1"
OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "nogil": True,
    "_nrt": False,
    "boundscheck": CHECKED,
}
# What makes a function callable from Python and from C takes 40 % of the time to compile.
INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A function that compiled functions call. Python can call it by ``for_python`` only."""
    return cast(Function, njit(function, **OPTIONS, **INNER))


def for_python(function: Function) -> Function:
    """The same compiled function, callable from Python too, for tests and measurements."""
    return cast(Function, njit(getattr(function, "py_func", function), **OPTIONS))


def intrinsic(function: Callable[..., Any]) -> Any:
    """A function of compiled functions that writes LLVM's instructions itself.

    It is given the types of its arguments, and returns its signature and what writes it.
    """
    return extending.intrinsic(prefer_literal=True)(function)
