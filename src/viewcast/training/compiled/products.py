"""Matrix products by register tiles, with what follows each product in training done in it.

Every function computes ``c (R, C)`` from ``a (R, K) @ w (K, C)``; K ≥ 1. Columns are computed in
vectors of 16: the rows of ``w``, ``c`` and what is laid out like ``c`` have room for ``padded(C)``
columns, one beside the other (``column`` = 1). Nothing is read or written beyond R rows. ``a`` may
lie either way (``matrix.transposed``).

Shape letters: R rows, K depth, C columns.
"""

from typing import Any

import numpy as np
from numba import types
from numba.core.cgutils import get_or_insert_function
from numpy.typing import NDArray

from viewcast.training.compiled import library
from viewcast.training.compiled.jit import compiled, intrinsic
from viewcast.training.compiled.lanes import Lanes, pointer
from viewcast.training.compiled.matrix import Matrix, address, check, padded
from viewcast.training.compiled.tile import ADAM, ADD, MASK, RELU, SGD

library.load()


@compiled
def multiply_relu(a: Matrix, w: Matrix, bias: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c = max(0, a @ w + bias)``, the bias (1, C) with ``row`` = 0."""
    check(bias, R, padded(C))
    check_product(a, w, c, R, K, C)
    _product(RELU, a, w, c, bias, bias, c.data, R, K, padded(C))


@compiled
def multiply_mask(a: Matrix, w: Matrix, by: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c = a @ w`` where ``by`` (R, C) is above 0, and 0 elsewhere."""
    check(by, R, padded(C))
    check_product(a, w, c, R, K, C)
    _product(MASK, a, w, c, by, by, c.data, R, K, padded(C))


@compiled
def multiply_add(a: Matrix, w: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c += a @ w``, each element summed up from its former value on."""
    check_product(a, w, c, R, K, C)
    _product(ADD, a, w, c, c, c, c.data, R, K, padded(C))


@compiled
def multiply_adam(
    a: Matrix,
    w: Matrix,
    params: Matrix,
    first: Matrix,
    second: Matrix,
    constants: NDArray[np.float32],
    R: int,
    K: int,
    C: int,
) -> None:
    """One step of Adam for the parameters (R, C), whose gradient is ``a @ w``.

    ``first``, ``second``: their moments. ``constants``: by ``steps.adam_constants``.
    """
    check(first, R, padded(C))
    check(second, R, padded(C))
    check_product(a, w, params, R, K, C)
    _product(ADAM, a, w, params, first, second, constants, R, K, padded(C))


@compiled
def multiply_sgd(
    a: Matrix,
    w: Matrix,
    params: Matrix,
    velocity: Matrix,
    constants: NDArray[np.float32],
    R: int,
    K: int,
    C: int,
) -> None:
    """One step of gradient descent with momentum, for parameters whose gradient is ``a @ w``."""
    check(velocity, R, padded(C))
    check_product(a, w, params, R, K, C)
    _product(SGD, a, w, params, velocity, velocity, constants, R, K, padded(C))


@compiled
def check_product(a: Matrix, w: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """With checks on: raise IndexError unless the product's matrices lie in their arrays."""
    check(a, R, K)
    check(w, K, padded(C))
    check(c, R, padded(C))


@intrinsic
def _product(
    typing: Any,
    epilogue: Any,
    a: Any,
    w: Any,
    c: Any,
    e: Any,
    e2: Any,
    constants: Any,
    R: Any,
    K: Any,
    C: Any,
) -> Any:
    """Call the library's function for this literal epilogue. ``e`` and ``e2`` share their rows."""
    lengths = 3 * (types.int64,)
    signature = types.void(epilogue, a, w, c, e, e2, constants, *lengths)
    name = library.NAMES[epilogue.literal_value]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes, kinds = Lanes(builder), signature.args
        a, w, c, e, e2 = (
            address(context, lanes, kinds[place], args[place]) for place in range(1, 6)
        )
        of = pointer(context, builder, kinds[6], args[6])
        function = get_or_insert_function(builder.module, library.SIGNATURE, name)
        builder.call(function, [*a, *w[:2], *c[:2], *e[:2], e2[0], of, *args[7:]])
        return context.get_dummy_value()

    return signature, generate
