"""How far the losses of neighbouring rows depend on each other.

Shape letters as in ``viewcast.selection.candidates``, S series.

Politis & White (2004), Econometric Reviews 23:53, with the correction of Patton, Politis & White
(2009), Econometric Reviews 28:372.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewcast.selection.candidates import Vector

POOLED = 64  # candidates whose autocovariances are pooled
SHORTEST = 20  # rows, below which dependence cannot be measured
TINY = np.finfo(np.float64).tiny
NOTHING = 1e-12  # a variation smaller than this share of the losses is rounding


def dependence_length(losses: ArrayLike, least: float = 1.0) -> float:
    """Dependence length, in columns, of candidates' losses (C, M) in order of time.

    The largest of ``least`` and three lengths of the circular block bootstrap: of at most 64
    candidates' deviations from the mean of all (autocovariances pooled, since one series alone is
    too noisy; they decide which candidate is chosen), of the best candidate's own losses, and of
    the mean of all (these two decide how far the level is off). It is ``least`` for losses that do
    not vary and for fewer than 20 columns.
    """
    values = np.atleast_2d(np.asarray(losses))
    if values.shape[1] < SHORTEST:
        return float(least)
    means = values.mean(axis=1, dtype=np.float64)
    common = values.mean(axis=0, dtype=np.float64)
    # By rank, so that the order of the runs does not matter.
    ranks = np.linspace(0, len(values) - 1, min(POOLED, len(values))).round().astype(int)
    chosen = np.argsort(means, kind="stable")[ranks]
    scale = float(np.abs(common).max())
    series = (values[chosen] - common, values[[means.argmin()]], common[np.newaxis])
    lengths = [circular_length(np.asarray(part, np.float64), scale) for part in series]
    return max(float(least), *lengths)


def circular_length(series: Vector, scale: float = 0.0) -> float:
    """Best block length of the circular bootstrap for the mean, from series (S, M) pooled.

    For one series it is that of ``arch.bootstrap.optimal_block_length``. 0 where nothing varies by
    more than rounding, beside ``scale``.
    """
    count = series.shape[1]
    eps = series - series.mean(axis=1, keepdims=True)
    if float((eps**2).mean()) <= (NOTHING * scale) ** 2:
        return 0.0
    run = max(5, int(math.log10(count)))
    longest = math.ceil(math.sqrt(count)) + run
    lagged = ((eps[:, i:], eps[:, : count - i]) for i in range(longest + 1))
    cross = np.array([np.einsum("sm,sm->", ahead, before) for ahead, before in lagged])
    lags = _bandwidth(np.abs(cross) / _norms(eps, longest), count, run)
    i = np.arange(1, lags + 1)
    taper = np.minimum(1, 2 * (1 - i / lags))
    slope = float(2 * (taper * i * cross[1 : lags + 1]).sum())
    spectrum = float(cross[0] + 2 * (taper * cross[1 : lags + 1]).sum())
    most = math.ceil(min(3 * math.sqrt(count), count / 3))
    if spectrum == 0:
        return float(most)
    return float(min(most, (1.5 * (slope / spectrum) ** 2 * count) ** (1 / 3)))


def standard_error(losses: Vector, length: float) -> float:
    """Standard error of the mean of one series (M,), at least 2, by blocks of ``length`` columns.

    That of the circular block bootstrap in closed form: the mean square, over all M circular blocks
    of L columns, of their sum of deviations, by L M, corrected by M / (M - L); L is at most half of
    M. With single columns it is the textbook s/√M.
    """
    count = len(losses)
    size = max(1, min(math.ceil(length), count // 2))
    deviations = losses - losses.mean()
    before = np.concatenate([[0.0], np.cumsum(np.append(deviations, deviations[: size - 1]))])
    sums = before[size:] - before[:-size]
    return float(np.sqrt((sums**2).mean() / (size * (count - size))))


def _norms(eps: Vector, longest: int) -> Vector:
    """Root of the product of the sums of squares without the first and last i + 1 columns."""
    squares = (eps**2).sum(axis=0)
    total, before = squares.sum(), np.cumsum(squares)[: longest + 1]
    after = np.cumsum(squares[::-1])[: longest + 1]
    return np.asarray(np.sqrt(np.maximum((total - before) * (total - after), TINY)))


def _bandwidth(correlations: NDArray[np.float64], count: int, run: int) -> int:
    """Twice the first lag from which ``run`` correlations in a row are insignificant."""
    longest = len(correlations) - 1
    small = correlations < 2 * math.sqrt(math.log10(count) / count)
    for i in range(run, longest + 1):
        if small[i - run : i].all():
            return min(2 * max(i - run, 1), longest)
    return longest
