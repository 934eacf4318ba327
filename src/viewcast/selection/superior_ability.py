"""Whether any run is truly better than a reference, the search among all runs included.

Shape letters as in ``viewcast.selection.confidence_set``.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from viewcast.base.products import MIDDLE, product
from viewcast.selection.candidates import Vector
from viewcast.selection.confidence_set import ROUNDING, cell_means, resampled_weights

FEWEST = 3  # cells, below which no difference can be tested


def superior(
    reference: ArrayLike, losses: ArrayLike, length: float, draws: int, seed: int
) -> float:
    """p-value of "no run is truly better than the reference", the search among R runs included.

    Test of superior predictive ability of ``losses`` (R, M) against ``reference`` (M,) in its
    consistent form, on cells as in ``viewcast.selection.confidence_set``. The statistic is the
    largest of the studentised mean differences. 1 where no run has a lower mean than the reference
    or there are fewer than three cells, 0 where some run is better by a constant.

    Hansen (2005), Journal of Business & Economic Statistics 23:365.

    Raises DataError for a loss that is not finite.
    """
    both = cell_means(np.vstack([np.asarray(reference)[np.newaxis], losses]), length)
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
    return p_value(gains, resampled_weights(gains.shape[1], draws, seed))


def p_value(gains: Vector, weights: Vector) -> float:
    """Share of resamples in which the largest of the mean gains is above the one found.

    ``gains`` (R, N) studentised, ``weights`` (B, N) of the resamples. Runs that are worse than the
    reference by more than √(2 ln ln N) standard errors are left where they are; all others are
    taken to be as good as the reference.
    """
    means, count = gains.mean(axis=1), gains.shape[1]
    relevant = means >= -math.sqrt(2 * math.log(math.log(count)) / count)
    # A resampled mean less its centre: the deviation, and for the others their own mean on top.
    largest = (product(weights, gains.T, MIDDLE) + np.where(relevant, 0.0, means)).max(axis=1)
    return float(np.mean(largest > means.max()))
