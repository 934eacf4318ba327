"""Logarithms, and their inverse, that have the same bits on every processor.

NumPy's have other last bits on a processor with AVX-512 than on one without. Here they are made of
operations that IEEE 754 fixes to the last bit. x = m·2ᵉ with m near 1:
log x = e·log 2 + 2·artanh((m - 1) / (m + 1)), the latter by its series. x = e·log 2 + r with r near
0: exp x = 2ᵉ·exp r, the latter by its series.
"""

import numpy as np
from numpy.typing import NDArray

HALF_ROOT = 0.7071067811865476
# log 2 in two parts: the first has so few digits that its product with an exponent is exact.
LOG_2 = 0.6931471803691238
REST = 1.9082149292705877e-10
TERMS = 12  # of the first series; what is left out is below 10⁻¹⁹
POWERS = 16  # of the second, likewise
LARGEST = 1023 * LOG_2  # beyond it all is infinite


def log1p(values: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float64]:
    """log(1 + values) of numbers from 0 on, in double; NaN of NaN. Its error is below 2⁻⁵¹ times
    the larger of 1 and the logarithm.
    """
    part, exponent = np.frexp(1.0 + np.asarray(values, np.float64))
    low = part < HALF_ROOT
    part, exponent = np.where(low, 2 * part, part), exponent - low
    ratio = (part - 1) / (part + 1)
    square = ratio * ratio
    series = np.full_like(square, 1 / (2 * TERMS - 1))
    for term in range(TERMS - 1, 0, -1):
        series *= square
        series += 1 / (2 * term - 1)
    return np.asarray(exponent * LOG_2 + (exponent * REST + 2 * ratio * series))


def expm1(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """exp(values) - 1, in double; infinite beyond the range of doubles, NaN of NaN. Its error is
    below 2⁻⁵⁰ times the larger of 1 and the result.
    """
    x = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        inside = np.clip(x, -LARGEST, LARGEST)
        power = np.rint(inside / (LOG_2 + REST))
        rest = inside - power * LOG_2 - power * REST
    series = np.ones_like(rest)
    for term in range(POWERS, 1, -1):
        series *= rest / term
        series += 1
    exponent = np.nan_to_num(power).astype(np.int64)
    found = np.ldexp(rest * series, exponent) + (np.ldexp(1.0, exponent) - 1)
    return np.where(x > LARGEST, np.inf, found)
