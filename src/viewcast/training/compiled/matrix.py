"""A matrix inside a longer array: where its numbers lie, as the compiled functions are told.

Offsets count numbers (float32), not bytes. A wrong one would read memory that belongs to others:
with ``VIEWCAST_CHECK_BOUNDS=1`` in the environment every product and every copy first checks that
what it touches lies inside its arrays, and raises IndexError otherwise.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.core import cgutils
from numpy.typing import NDArray

from viewcast.training.compiled.jit import CHECKED, compiled
from viewcast.training.compiled.lanes import WIDTH, Lanes, Value, pointer


class Matrix(NamedTuple):
    """Element (i, j) is ``data[start + i * row + j * column]``.

    ``row``: how far the next row is; 0 repeats one row, such as a bias. ``column``: how far the
    next column is; swapping it with ``row`` transposes the matrix.
    """

    data: NDArray[np.float32]
    start: int
    row: int
    column: int


@compiled
def padded(columns: int) -> int:
    """The number of columns that whole vectors take."""
    return (columns + WIDTH - 1) // WIDTH * WIDTH


@compiled
def offset(matrix: Matrix, i: int, j: int) -> int:
    """Where element (i, j) lies in the matrix's array."""
    return matrix.start + i * matrix.row + j * matrix.column


@compiled
def transposed(matrix: Matrix) -> Matrix:
    """The same numbers with rows as columns."""
    return Matrix(matrix.data, matrix.start, matrix.column, matrix.row)


@compiled
def inside(matrix: Matrix, rows: int, columns: int) -> bool:
    """Whether so many rows and columns lie in the matrix's array; no strides are negative."""
    last = offset(matrix, rows - 1, columns - 1)
    return rows < 1 or columns < 1 or (matrix.start >= 0 and last < matrix.data.size)


@compiled
def check(matrix: Matrix, rows: int, columns: int) -> None:
    """With checks on: raise IndexError unless so many rows and columns lie in the array."""
    if CHECKED and not inside(matrix, rows, columns):
        raise IndexError("compiled engine: a matrix reaches beyond the array that it lies in")


def address(context: Any, lanes: Lanes, kind: Any, matrix: Value) -> tuple[Value, Value, Value]:
    """Of a numba ``Matrix`` in an intrinsic: the address of (0, 0), ``row`` and ``column``."""
    data, start, row, column = cgutils.unpack_tuple(lanes.builder, matrix)
    return lanes.at(pointer(context, lanes.builder, kind.types[0], data), start), row, column
