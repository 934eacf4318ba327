"""How far all candidates' means may be off at once, and how many independent ones they are worth.

Shape letters: C candidates, M rows (or cells of consecutive rows) in order of time, B draws.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr

from viewcast.base.products import SHORT, product
from viewcast.selection.candidates import Matrix
from viewcast.selection.dependence import standard_error

CONFIDENCE = 0.95
AT_ONCE = 2**22  # numbers in a block of a matrix: 32 MB in float64
CONSTANT = 1e-6  # losses that vary by less than this share of their mean do not vary in float32
LEAST_VARIANCE = np.float32(1e-6)  # of a resample, in units of that of all rows


@dataclass(frozen=True)
class Simultaneous:
    """With 95 %, no candidate's true loss exceeds its mean by more than ``critical`` of its own
    standard errors. ``half_width``: how much that is for the winner, in units of the loss.

    ``effective``: number of independent candidates that would be as lucky as these.
    """

    half_width: float
    critical: float
    effective: float


def simultaneous(losses: ArrayLike, length: float, draws: int, seed: int) -> Simultaneous:
    """One-sided simultaneous 95 % half-width for the winner of ``losses`` (C, M).

    Bootstrap-t with circular blocks of twice the dependence length (single rows for ``length`` 1;
    at most half of the rows): c is the 95 % quantile over ``draws`` of max_k (R_k - R*_k) / se*_k,
    where R_k is the mean of candidate k and R*_k, se*_k are mean and standard error of the
    resample; the half-width is c se of the winner. In simulations of AR(1) losses it covers the
    winner's true loss in 91 to 98 % (blocks of one length: 89 to 96 %). It holds whatever rule
    picked the winner from these candidates, and is therefore wide: heavy-tailed losses of many
    unrelated candidates take c far above the normal 4 (13 to 24 for squared t(5) errors),
    and sparse losses, 0 on nearly all rows, take it anywhere.

    ``effective`` is K = ln 0.95 / ln Φ(c'), between 1 and C, where c' is the 95 % quantile of the
    largest of C standard normal numbers that are correlated as the candidates' block means are
    (Gaussian multipliers). The quantile of the resampled means themselves would not do: their skew
    counts 1,000 independent candidates of squared t(5) errors as 50 to 150. Its Monte Carlo error
    is 14 % at 1,000 draws.

    Chernozhukov, Chetverikov & Kato (2013), Annals of Statistics 41:2786 (multipliers); Romano &
    Wolf (2005), Econometrica 73:1237 (max-t). Needs finite losses and at least two rows.
    """
    values = np.asarray(losses)
    wanted = math.ceil(2 * length) if length > 1 else 1
    block = max(1, min(wanted, values.shape[1] // 2))
    blocks = max(2, round(values.shape[1] / block))
    rngs = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    size = max(1, AT_ONCE // values.shape[1])
    studentised, normal = [], []
    for start in range(0, draws, size):
        times, multipliers = _draw(*rngs, min(size, draws - start), blocks, values.shape[1])
        largest, highest = _largest(values, block, times, multipliers)
        studentised.append(largest * math.sqrt(blocks - 1))
        normal.append(highest)
    critical = float(np.quantile(np.concatenate(studentised), CONFIDENCE))
    lucky = float(np.quantile(np.concatenate(normal), CONFIDENCE))
    winner = values[values.mean(axis=1, dtype=np.float64).argmin()]
    error = standard_error(winner.astype(np.float64), block)
    effective = math.log(CONFIDENCE) / float(log_ndtr(lucky))
    return Simultaneous(critical * error, critical, min(max(effective, 1.0), len(values)))


def _draw(
    resampling: np.random.Generator,
    multiplying: np.random.Generator,
    draws: int,
    blocks: int,
    rows: int,
) -> tuple[Matrix, Matrix]:
    """Weights (draws, M) of the blocks from each row on: how often each was drawn, of 1; and normal
    numbers. A generator for each, so that the size of the blocks of draws changes nothing.
    """
    starts = resampling.integers(0, rows, (draws, blocks)) + rows * np.arange(draws)[:, np.newaxis]
    counts = np.bincount(starts.ravel(), minlength=draws * rows).reshape(draws, rows)
    normal = multiplying.standard_normal((draws, rows), np.float32)
    return counts.astype(np.float32) / np.float32(blocks), normal / np.float32(math.sqrt(rows))


def _largest(
    losses: NDArray[np.floating], block: int, times: Matrix, multipliers: Matrix
) -> tuple[Matrix, Matrix]:
    """In each draw, over all candidates: the largest t / √(blocks - 1), the largest normal."""
    largest = np.full(len(times), -np.inf, np.float32)
    highest = largest.copy()
    for sums in _standardised(losses, block):
        normal, means = np.split(product(np.vstack([multipliers, times]), sums.T, SHORT), 2)
        highest = np.maximum(highest, normal.max(axis=1))
        variances = product(times, np.square(sums, out=sums).T, SHORT) - means**2
        t = -means / np.sqrt(np.maximum(variances, LEAST_VARIANCE))
        largest = np.maximum(largest, t.max(axis=1))
    return largest, highest


def _standardised(losses: NDArray[np.floating], block: int) -> Iterator[Matrix]:
    """The sums of all circular blocks (c, M), with mean 0 and variance 1, c candidates at a time;
    0 where losses do not vary.
    """
    size = max(1, AT_ONCE // losses.shape[1])
    for start in range(0, len(losses), size):
        sums, spread = _block_sums(losses[start : start + size], block)
        sums /= np.where(spread > 0, spread, 1)[:, np.newaxis]
        yield sums.astype(np.float32)


def _block_sums(
    losses: NDArray[np.floating], block: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of deviations from the mean over the blocks from each row on (c, M), and their standard
    deviation (c,), exactly 0 where losses do not vary.
    """
    means = losses.mean(axis=1, dtype=np.float64, keepdims=True)
    deviations = losses - means
    constant = deviations.std(axis=1) <= CONSTANT * np.abs(means[:, 0])
    deviations[constant] = 0
    nothing = np.zeros((len(losses), 1))
    around = np.concatenate([nothing, deviations, deviations[:, : block - 1]], axis=1)
    before = np.cumsum(around, axis=1, out=around)
    sums = before[:, block:] - before[:, :-block]
    return sums, sums.std(axis=1)
