"""The weights of smallest squared error, with the same bits on every machine.

A library's solver leaves its sums to a BLAS, whose last digits differ between processors. Here the
normal equations are made of exact products and eliminated in one order. What the squaring of the
condition costs in digits, iterative refinement gives back: residuals are exact products too.

Shape letters: N rows, F features, B of them a basis of the rest.
"""

import numpy as np
from numpy.typing import NDArray

from viewcast.base.products import FULL, product

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

AT_ONCE = 2**12  # rows
DEPENDENT = 1e-12  # share of a feature's square that others leave of it: less is rounding
REFINEMENTS = 2


def solve(x: Matrix, y: Matrix) -> Matrix:
    """The W (F, O) that minimises ‖y − xW‖² for each output, for x (N, F) and y (N, O).

    Of several, which there are where features depend on each other, that of smallest norm.
    """
    size = np.sqrt(np.square(x).sum(axis=0))
    size[size == 0] = 1.0
    gram = _summed(x, x) / size / size[:, np.newaxis]
    found = np.zeros((x.shape[1], y.shape[1]))
    for _ in range(1 + REFINEMENTS):
        rest = np.concatenate([part - product(x_part, found) for x_part, part in _parts(x, y)])
        found += _of_normal_equations(gram, _summed(x, rest) / size[:, np.newaxis], size)
    return found


def solved(system: Matrix, right: Matrix) -> Matrix:
    """The W (F, O) with system W = right, of a symmetric positive definite system (F, F)."""
    _, _, table = _eliminated(np.column_stack([system, right]))
    return table[:, system.shape[1] :]


def _summed(x: Matrix, other: Matrix | Vector) -> Matrix:
    """``x.T @ other``, summed over parts of the rows in their order."""
    total = np.zeros((x.shape[1], *other.shape[1:]))
    for x_part, part in _parts(x, other):
        total += product(x_part.T, part, FULL)
    return total


def _parts(x: Matrix, other: Matrix | Vector) -> list[tuple[Matrix, Matrix]]:
    starts = range(0, len(x), AT_ONCE)
    return [(x[i : i + AT_ONCE], other[i : i + AT_ONCE]) for i in starts]


def _of_normal_equations(gram: Matrix, right: Matrix, size: Vector) -> Matrix:
    """The weights (F, O) in the units of features of length ``size``, from those of length 1."""
    basis, rest, table = _eliminated(np.column_stack([gram, right]))
    others, own = table[basis][:, rest], table[basis, len(size) :]
    weights = np.zeros(right.shape)
    if len(rest):
        # Least norm: a share of what the basis explains goes to the features that depend on it.
        scaled = others / size[basis, np.newaxis]
        equations = product(scaled.T, scaled) + np.diag(1 / size[rest] ** 2)
        weights[rest] = solved(equations, product(scaled.T, own / size[basis, np.newaxis]))
    weights[basis] = own - product(others, weights[rest])
    return weights / size[:, np.newaxis]


def _eliminated(table: Matrix) -> tuple[NDArray[np.int64], NDArray[np.int64], Matrix]:
    """Gauss–Jordan elimination of a symmetric system (F, F + O), the largest diagonal first.

    Returns the basis, the features that depend on it, and the table, in whose rows of the basis the
    columns of the basis are those of a unit matrix.
    """
    table, left = table.copy(), np.ones(len(table), bool)
    enough = DEPENDENT * np.diag(table)
    for _ in range(len(table)):
        diagonal = np.where(left, np.diag(table), 0.0)
        row = int(diagonal.argmax())
        if diagonal[row] <= enough[row]:
            break
        left[row] = False
        table[row] /= table[row, row]
        factor = table[:, row].copy()
        factor[row] = 0.0
        table -= factor[:, np.newaxis] * table[row]
    return np.flatnonzero(~left), np.flatnonzero(left), table
