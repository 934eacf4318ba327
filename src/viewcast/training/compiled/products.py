"""Matrix products by register tiles, with what follows each product in training done in it.

Every function computes ``c (R, C)`` from ``a (R, K) @ w (K, C)``; K ≥ 1. Columns are computed in
vectors of 16: the rows of ``w``, ``c`` and what is laid out like ``c`` have room for ``padded(C)``
columns, one beside the other (``column`` = 1). Nothing is read or written beyond R rows. ``a`` may
lie either way (``matrix.transposed``).

Shape letters: R rows, K depth, C columns.
"""

import numpy as np
from numba import literally
from numpy.typing import NDArray

from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.lanes import WIDTH
from viewcast.training.compiled.matrix import Matrix, check, padded
from viewcast.training.compiled.processor import WIDEST
from viewcast.training.compiled.tile import ADAM, ADD, MASK, PLAIN, RELU, SGD, tile

TALL = 4  # rows of a tile


@compiled
def multiply_plain(a: Matrix, w: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c = a @ w``."""
    _tiles(PLAIN, a, w, c, c, c, c.data, R, K, C)


@compiled
def multiply_relu(a: Matrix, w: Matrix, bias: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c = max(0, a @ w + bias)``, the bias (1, C) with ``row`` = 0."""
    check(bias, R, padded(C))
    _tiles(RELU, a, w, c, bias, bias, c.data, R, K, C)


@compiled
def multiply_mask(a: Matrix, w: Matrix, by: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c = a @ w`` where ``by`` (R, C) is above 0, and 0 elsewhere."""
    check(by, R, padded(C))
    _tiles(MASK, a, w, c, by, by, c.data, R, K, C)


@compiled
def multiply_add(a: Matrix, w: Matrix, c: Matrix, R: int, K: int, C: int) -> None:
    """``c += a @ w``, each element summed up from its former value on."""
    _tiles(ADD, a, w, c, c, c, c.data, R, K, C)


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
    _tiles(ADAM, a, w, params, first, second, constants, R, K, C)


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
    _tiles(SGD, a, w, params, velocity, velocity, constants, R, K, C)


@compiled
def _tiles(
    epilogue: int,
    a: Matrix,
    w: Matrix,
    c: Matrix,
    e: Matrix,
    e2: Matrix,
    constants: NDArray[np.float32],
    R: int,
    K: int,
    C: int,
) -> None:
    literally(epilogue)
    check(a, R, K)
    check(w, K, padded(C))
    check(c, R, padded(C))
    j, left = 0, padded(C) // WIDTH
    while left > 0:
        vectors = min(left, WIDEST)
        if left == WIDEST + 1 and WIDEST > 2:
            vectors = WIDEST - 1  # 3 + 2 rather than 4 + 1: a narrow tile waits for its sums
        i = 0
        while i < R:
            if R - i >= TALL:
                _tile(epilogue, TALL, vectors, a, w, c, e, e2, constants, i, j, K)
                i += TALL
            else:
                _tile(epilogue, 1, vectors, a, w, c, e, e2, constants, i, j, K)
                i += 1
        j += WIDTH * vectors
        left -= vectors


@compiled
def _tile(
    epilogue: int,
    rows: int,
    vectors: int,
    a: Matrix,
    w: Matrix,
    c: Matrix,
    e: Matrix,
    e2: Matrix,
    constants: NDArray[np.float32],
    i: int,
    j: int,
    K: int,
) -> None:
    # A tile's shape is fixed when it is compiled: one branch for each.
    literally(epilogue)
    literally(rows)
    if vectors == 4:
        tile(epilogue, rows, 4, a, w, c, e, e2, constants, i, j, K)
    elif vectors == 3:
        tile(epilogue, rows, 3, a, w, c, e, e2, constants, i, j, K)
    elif vectors == 2:
        tile(epilogue, rows, 2, a, w, c, e, e2, constants, i, j, K)
    else:
        tile(epilogue, rows, 1, a, w, c, e, e2, constants, i, j, K)
