"""Row losses of candidates whose true means are known.

Residuals are t distributed with 5 degrees of freedom, squared, and normed to mean 1: heavy tails.
They are made of normal AR(1) series, a common one (rows are hard for everybody) and one of each
candidate's own. Shape letters: T studies, K candidates, M rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import norm, t

Values = NDArray[np.float64]

GRID = np.linspace(-6, 6, 4001)
WEIGHT = norm.pdf(GRID) / norm.pdf(GRID).sum()
SQUARED = t.ppf(norm.cdf(GRID), 5) ** 2
SQUARED /= WEIGHT @ SQUARED
LOSS_VARIANCE = WEIGHT @ SQUARED**2 - 1


@dataclass(frozen=True)
class Simulated:
    """``losses`` (T, K, M) and their true means ``truth`` (T, K)."""

    losses: Values
    truth: Values


def simulated(
    seed: int,
    studies: int,
    candidates: int,
    rows: int,
    phi: float = 0.0,
    common: float = 0.5,
    spread: float = 0.0,
) -> Simulated:
    """Studies with AR(1) residuals.

    ``phi``: the AR coefficient; ``common``: correlation of two candidates' residuals; ``spread``:
    standard deviation of the logarithm of true means, 0 for candidates that are equally good.
    """
    rng = np.random.default_rng(seed)
    shared = autoregressive(rng, (studies, 1, rows), phi)
    own = autoregressive(rng, (studies, candidates, rows), phi)
    own *= np.sqrt(1 - common)
    own += np.sqrt(common) * shared
    truth = np.exp(spread * rng.normal(size=(studies, candidates)))
    return Simulated(squared(own) * truth[:, :, np.newaxis], truth)


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], phi: float) -> Values:
    """Stationary AR(1) along the last axis, each value standard normal."""
    noise = rng.normal(size=shape)
    noise[..., 1:] *= np.sqrt(1 - phi**2)
    return noise if phi == 0 else lfilter([1], [1, -phi], noise, axis=-1)


def squared(residuals: Values) -> Values:
    """Squares of t5 residuals, mean 1, from standard normal ones."""
    return np.interp(residuals, GRID, SQUARED)


def squared_errors(seed: int, runs: int, rows: int, spread: float) -> Values:
    """Losses (runs, rows) of forecasts of one target, with errors of different size."""
    rng = np.random.default_rng(seed)
    sizes = 0.5 + spread * np.arange(runs) / runs
    return (rng.normal(size=rows) + sizes[:, None] * rng.normal(size=(runs, rows))) ** 2
