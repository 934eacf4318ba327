"""Which runs cannot be told apart from the best, and whether any is better than a reference.

Both tests are those of ``arch``, on the means of cells of consecutive rows.

Shape letters: R runs, M rows (or cells) in order of time, N cells, B draws.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from viewcast.base.errors import DataError
from viewcast.selection.candidates import Flags, Indices, Vector, cells

SIZE = 0.05  # error rate of the set, and the level of the test
PAIRED = 250  # runs, beyond which all their pairs take too much time and memory
PAIRED_DRAWS = 200  # with 500 draws the sets differ by a run or two, and take twice as long
MOST = 400  # cells: arch works row by row in Python
FEWEST = 3  # cells, below which no difference can be tested
NOISIER = 10.0  # how many times as noisy as another a run may be to be compared with it
ROUNDING = 1e-9  # share of a loss that is no difference


def confidence_set(losses: ArrayLike, length: float, draws: int, seed: int) -> Flags:
    """Runs (R,) in the 95 % model confidence set of ``losses`` (R, M): they may all be the best.

    With 95 % the set holds the truly best run (93 % and more in simulations, with as few as 16
    cells); runs outside it are worse than some run in it. Of 20 equally good runs one is missing in
    1 % of studies with squared errors, in 10 to 30 % with symmetric losses and 16 to 40 cells. The
    run with the lowest mean is always in it, and so is its every duplicate (up to rounding). Of one
    run, or of fewer than three cells, all are in it.

    The rows are cut into at most 400 cells of at least ``length`` rows, which are resampled as
    independent. The statistic ``max`` compares each run with the mean of all; it is quick, and weak
    where many runs are alike. What it leaves, if no more than 250 runs, is tested with ``R``, which
    compares all pairs; each of the two at half the error rate. One run with a single huge row loss
    would hide all differences and put all runs into the set. So runs are tested in groups, each
    together with the best: in a group the noise of the paired differences to the best is alike
    within a factor of 10.

    Hansen, Lunde & Nason (2011), Econometrica 79:453.

    Raises DataError for a loss that is not finite.
    """
    means = _cells(losses, length)
    distinct, copy_of = np.unique(means, axis=0, return_inverse=True)
    best = int(distinct.mean(axis=1).argmin())
    scale = ROUNDING * np.abs(distinct).mean(axis=1, keepdims=True)
    kept: Flags = (np.abs(distinct - distinct[best]) <= scale).all(axis=1)
    if means.shape[1] < FEWEST:
        kept[:] = True
    # Without rounding noise, runs a constant apart have no variance and arch would not end.
    distinct += scale * np.random.default_rng(seed).standard_normal(distinct.shape)
    for group in _alike(distinct, best, np.flatnonzero(~kept)):
        kept[group] = _confidence_set(distinct[group], draws, seed)
    kept[best] = True
    return kept[copy_of.ravel()]


def superior(
    reference: ArrayLike, losses: ArrayLike, length: float, draws: int, seed: int
) -> float:
    """p-value of "no run is truly better than the reference", the search among R runs included.

    Test of superior predictive ability of ``losses`` (R, M) against ``reference`` (M,) in its
    consistent form, on cells as in ``confidence_set``. The statistic is the largest of the
    studentised mean differences (arch does not divide by the standard deviation, so that is done
    before). 1 where no run has a lower mean than the reference or there are fewer than three cells,
    0 where some run is better by a constant.

    Hansen (2005), Journal of Business & Economic Statistics 23:365.

    Raises DataError for a loss that is not finite.
    """
    from arch.bootstrap import SPA  # noqa: PLC0415 (takes more than a second to import)

    both = _cells(np.vstack([np.asarray(reference)[np.newaxis], losses]), length)
    gains = both[0] - both[1:]
    means, spread = gains.mean(axis=1), gains.std(axis=1)
    rounding = ROUNDING * (np.abs(both[0]).max() + np.abs(both[1:]).max(axis=1))
    certain = spread <= rounding
    if gains.shape[1] < FEWEST or means.max() <= 0:
        return 1.0
    if (certain & (means > rounding)).any():
        return 0.0
    if certain.all():
        return 1.0
    gains = gains[~certain] / spread[~certain, np.newaxis]
    nothing = np.zeros(gains.shape[1])
    test = SPA(nothing, -gains.T, block_size=1, reps=draws, seed=seed)
    test.compute()
    return float(test.pvalues["consistent"])


def _cells(losses: ArrayLike, length: float) -> Vector:
    """Means over cells (R, N); a shorter last cell counts by its share of the rows, so that the
    order of the runs stays that of their means.
    """
    values = np.asarray(losses, np.float64)
    if not np.isfinite(values).all():
        runs = np.flatnonzero(~np.isfinite(values).all(axis=1)).tolist()
        raise DataError(f"losses of runs {runs} are not finite; exclude these runs")
    size = math.ceil(max(1.0, length, values.shape[1] / MOST))
    means, sizes = cells(values, size)
    return np.asarray(means * (sizes / size))


def _alike(losses: Vector, best: int, rest: Indices) -> list[Indices]:
    """Groups of ``rest``, each with the best run, alike in noise of the differences to the best."""
    noise = (losses - losses[best]).std(axis=1)
    rest = rest[np.argsort(noise[rest], kind="stable")]
    groups = []
    while len(rest):
        fits = noise[rest] <= NOISIER * noise[rest[0]]
        groups.append(np.append(best, rest[fits]))
        rest = rest[~fits]
    return groups


def _confidence_set(losses: Vector, draws: int, seed: int) -> Flags:
    kept = _left_by("max", losses, draws, seed)
    if 1 < kept.sum() <= PAIRED:
        kept[kept] = _left_by("R", losses[kept], min(draws, PAIRED_DRAWS), seed)
    return kept


def _left_by(method: Literal["max", "R"], losses: Vector, draws: int, seed: int) -> Flags:
    from arch.bootstrap import MCS  # noqa: PLC0415 (takes more than a second to import)

    test = MCS(losses.T, SIZE / 2, reps=draws, block_size=1, method=method, seed=seed)
    test.compute()
    return np.isin(np.arange(len(losses)), np.array(test.included, np.int64))
