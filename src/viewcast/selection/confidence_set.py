"""Which runs cannot be told apart from the best.

On the means of cells of consecutive rows, which are resampled as independent.

Shape letters: R runs, M rows (or cells) in order of time, N cells, B draws.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from viewcast.base.errors import DataError
from viewcast.base.products import MIDDLE, product
from viewcast.selection.candidates import Flags, Indices, Matrix, Vector, cells

SIZE = 0.05  # error rate of the set, half of it for each of its two tests
PAIRED = 600  # runs, beyond which all their pairs take too much time
MOST = 2000  # cells
FEWEST = 16  # cells, below which no run is told apart
NOISIER = 10.0  # how many times as noisy as another a run may be to be compared with it
ROUNDING = 1e-9  # share of a loss that is no difference


def confidence_set(losses: ArrayLike, length: float, draws: int, seed: int) -> Flags:
    """Runs (R,) in the 95 % model confidence set of ``losses`` (R, M): they may all be the best.

    With 95 % the set holds a given truly best run (98.6 % on average over kinds of simulated
    studies, 92 % ± 3 at the least); it need not hold all of several equally good ones at once.
    Runs outside it are worse than some run in it. The run with the lowest mean is always in it, and
    so is every run that ties with it up to rounding. Below ``FEWEST`` cells all runs are in it:
    nothing can be told.

    The rows are cut into cells of ``length`` rows, rounded up while 16 remain, and at most 2,000.
    First each run is compared with the winner: it is dropped where it is worse by more than c of
    its standard errors, c the quantile of the largest of all runs' resampled t; this is repeated
    until none goes, once with the resampled differences and once with their negatives, and what
    either keeps is kept. If no more than ``PAIRED`` runs are left, all their pairs are compared in
    the same way. Each of the two tests has half the error rate. One run with a single huge loss
    would hide all differences in the first test, so there runs are tested in groups, each
    with the winner: in a group the noise of the differences to the winner is alike within a factor
    of 10.

    Hansen, Lunde & Nason (2011), Econometrica 79:453, who drop one run at a time: dropping all
    beyond the quantile at once ends in the same set in a few steps instead of hundreds.

    Raises DataError for a loss that is not finite.
    """
    means = cell_means(losses, length)
    kept: Flags = np.ones(len(means), bool)
    if means.shape[1] < FEWEST or len(means) == 1:
        return kept
    level = means.mean(axis=1)
    best = int(level.argmin())
    weights = resampled_weights(means.shape[1], draws, seed)
    tied = np.abs(level - level[best]) <= ROUNDING * np.abs(level[best])
    kept = tied.copy()
    apart = means - means[best]
    for group in _alike(apart, np.flatnonzero(~tied)):
        kept[group] = _as_good(apart[group], weights)
    if tied.sum() < kept.sum() <= PAIRED:
        places = np.flatnonzero(kept)
        kept[places] = _no_worse_than_another(apart[places], weights)
    return np.asarray(kept | tied)


def cell_means(losses: ArrayLike, length: float) -> Vector:
    """Means (R, N) over cells of ``length`` rows; a shorter last cell counts by its share of the
    rows, so that the order of the runs stays that of their means.

    Raises DataError for a loss that is not finite.
    """
    values = np.asarray(losses)
    if not np.isfinite(values).all():
        runs = np.flatnonzero(~np.isfinite(values).all(axis=1)).tolist()
        raise DataError(f"losses of runs {runs} are not finite; exclude these runs")
    rows = values.shape[1]
    size = max(1, math.ceil(length))
    if rows >= FEWEST * length:
        size = min(size, max(1, rows // FEWEST))  # the last cell may be short, but not missing
    size = max(size, math.ceil(rows / MOST))
    means, sizes = cells(values.astype(np.float64), size)
    return np.asarray(means * (sizes / size))


def resampled_weights(count: int, draws: int, seed: int) -> Vector:
    """How often each of ``count`` cells was drawn, less once, by ``count`` (B, N).

    Times cell means it is how far the mean of a resample is from that of all cells.
    """
    drawn = np.random.default_rng(seed).integers(0, count, (draws, count))
    places = drawn + count * np.arange(draws)[:, np.newaxis]
    times = np.bincount(places.ravel(), minlength=draws * count).reshape(draws, count)
    return np.asarray((times - 1) / count)


def _alike(apart: Vector, rest: Indices) -> list[Indices]:
    """Groups of ``rest`` that are alike in the noise of their differences to the winner (R, N)."""
    noise = apart.std(axis=1)
    rest = rest[np.argsort(noise[rest], kind="stable")]
    groups = []
    while len(rest):
        fits = noise[rest] <= NOISIER * noise[rest[0]]
        groups.append(rest[fits])
        rest = rest[~fits]
    return groups


def _as_good(apart: Vector, weights: Vector) -> Flags:
    """Runs that are not worse than the winner; ``apart`` (R, N): differences to it in each cell."""
    cell_count = apart.shape[1]
    errors = apart.std(axis=1) / math.sqrt(cell_count)
    t = _ratio(apart.mean(axis=1), errors)
    scattered = _ratio(product(weights, apart.T, MIDDLE), errors)
    kept = np.zeros(len(apart), bool)
    for drawn in (scattered, -scattered):
        left = np.flatnonzero(np.isfinite(t))
        while len(left):
            worse = t[left] >= _critical(drawn[:, left].max(axis=1), cell_count)
            left = left[~worse]
            if not worse.any():
                break
        kept[left] = True
    return kept


def _no_worse_than_another(apart: Vector, weights: Vector) -> Flags:
    """Runs that are not worse than any other that is left, by all pairs."""
    cell_count = apart.shape[1]
    deviations = apart - apart.mean(axis=1, keepdims=True)
    gram = product(deviations, deviations.T, MIDDLE)
    own = np.diag(gram)
    variances = np.maximum(own[:, np.newaxis] + own - 2 * gram, 0) / cell_count**2
    means = apart.mean(axis=1)
    nothing = ROUNDING * (own[:, np.newaxis] + own) / cell_count**2
    with np.errstate(divide="ignore"):
        precision = np.where(variances > nothing, 1 / np.sqrt(variances), 0.0)
    t = ((means[:, np.newaxis] - means) * precision).max(axis=1)
    scattered = product(weights, apart.T, MIDDLE).astype(np.float32)
    left = np.arange(len(apart))
    largest = _Largest(scattered, precision.astype(np.float32))
    while True:
        worse = t[left] >= _critical(largest.among(left), cell_count)
        if not worse.any() or worse.all():
            break
        left = left[~worse]
        t[left] = ((means[left, np.newaxis] - means[left]) * precision[np.ix_(left, left)]).max(1)
    kept = np.zeros(len(apart), bool)
    kept[left] = True
    return kept


class _Largest:
    """In each draw the largest t of all pairs of runs, as runs are dropped.

    It is taken anew only where a run of the pair that was the largest has been dropped.
    """

    def __init__(self, scattered: Matrix, precision: Matrix) -> None:
        self.scattered, self.precision = scattered, precision
        self.value = np.zeros(len(scattered))
        self.pair = np.full((len(scattered), 2), -1)

    def among(self, left: Indices) -> Vector:
        """The largest (B,) of the pairs of the runs that are ``left``."""
        precision = self.precision[np.ix_(left, left)]
        for b in np.flatnonzero(~np.isin(self.pair, left).all(axis=1)):
            own = self.scattered[b, left]
            t = (own[:, np.newaxis] - own) * precision
            first, second = np.unravel_index(int(t.argmax()), t.shape)
            self.value[b] = t[first, second]
            self.pair[b] = left[first], left[second]
        return self.value


def _critical(largest: Vector, cell_count: int) -> float:
    """Quantile of the largest t of the resamples."""
    return float(np.quantile(largest, 1 - SIZE / 2)) * _wider(cell_count)


def _wider(cell_count: int) -> float:
    """Student's quantile by the normal one: an error that comes from few cells is itself unsure."""
    return float(stdtrit(cell_count - 1, 1 - SIZE / 2) / ndtri(1 - SIZE / 2))


def _ratio(differences: Vector, errors: Vector) -> Vector:
    """Differences in standard errors; infinite for a sure one, whose error is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(errors > 0, differences / errors, np.inf))
