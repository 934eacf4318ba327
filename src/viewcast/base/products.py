"""Matrix products that have the same bits on every processor and with any number of threads.

A BLAS adds in the order that suits the processor, so the last digits of its sums differ from
machine to machine. Here every number is cut into slices: whole numbers so short that all products
of two slices, and all partial sums of these, stay below 2⁵³. They are exact, in whatever order a
BLAS makes them. The slices' products are then added in one order. After Ozaki, Ogita, Oishi and
Rump, Error-free transformations of matrix multiplication, Numerical Algorithms 59 (2012).

Shape letters: N rows, K terms of each sum, M columns.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DIGITS = 53  # bits of a double
SMALLEST = -1000  # exponent of the smallest unit: its inverse is no infinity
FULL = 3  # slices: a product as exact as doubles are
MIDDLE = 2  # an error of about 10⁻¹² of the largest numbers, in half the time
SHORT = 1  # an error of about that of single precision, in a sixth of the time


def product(left: NDArray[Any], right: NDArray[Any], slices: int = FULL) -> Array:
    """``left @ right`` for (..., N, K) or (K,) and (..., K, M) or (K,), in double precision.

    The error of each sum is about K·2⁻ᵇ times the largest number of its row and the largest of its
    column; b is about 20 for each slice. ``left`` of flags needs one slice, of about 40 bits.
    """
    left, right = np.asarray(left), np.asarray(right)
    if left.dtype == bool:
        sums = FlaggedSums(right[:, np.newaxis] if right.ndim == 1 else right)(left)
        return sums[..., 0] if right.ndim == 1 else sums
    rows, columns = np.atleast_2d(left), right[:, np.newaxis] if right.ndim == 1 else right
    terms = max(rows.shape[-1], 1)
    bits = (DIGITS - (terms - 1).bit_length()) // 2
    with np.errstate(invalid="ignore"):  # infinite numbers give NaN, as they do in a BLAS
        lefts, left_unit = _sliced(rows, -1, bits, slices)
        rights, right_unit = _sliced(columns, -2, bits, slices)
        total = lefts[0] @ rights[slices - 1]
        for place in reversed(range(slices)):  # the smallest first
            for i in range(place == slices - 1, place + 1):
                total += lefts[i] @ rights[place - i]
            total *= 2.0**-bits if place else 1.0
        total *= left_unit
        total *= right_unit
    if left.ndim == 1:
        total = total[..., 0, :]
    return total[..., 0] if right.ndim == 1 else total


class FlaggedSums:
    """Sums of the columns of ``values`` (K, M) over flagged terms, ready for many sets of flags.

    Flags take one bit of the 53, so that the values have about 40.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        bits = DIGITS - max(len(values) - 1, 1).bit_length()
        (self.whole,), self.unit = _sliced(values, -2, bits, SHORT)

    def __call__(self, flags: NDArray[np.bool_]) -> Array:
        """The sums (..., N, M) over the flagged terms of flags (..., N, K)."""
        total: Array = (flags.astype(np.float64) @ self.whole) * self.unit
        return total


def _sliced(values: NDArray[Any], axis: int, bits: int, slices: int) -> tuple[list[Array], Array]:
    """Slices, whole numbers of at most ``bits`` bits, and the unit of the first, a power of two.

    All numbers along ``axis`` share a unit; that of each further slice is 2⁻ᵇⁱᵗˢ of the one before.
    """
    doubles = np.asarray(values, dtype=np.float64)
    largest = np.abs(doubles).max(axis=axis, keepdims=True, initial=0.0)
    exponent = np.maximum(np.frexp(largest)[1] - bits, SMALLEST)
    rest = doubles * np.ldexp(1.0, -exponent)
    parts = []
    for _ in range(slices):
        whole = np.rint(rest)
        parts.append(whole)
        if len(parts) < slices:
            rest = (rest - whole) * 2.0**bits
    return parts, np.ldexp(1.0, exponent)
