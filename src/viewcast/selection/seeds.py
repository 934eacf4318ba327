"""What a setting is worth that was trained with several seeds: their noise and that of the rows.

Shape letters: G settings, S seeds of one. Scores are losses: the lower is the better.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t

from viewcast.base.errors import DataError
from viewcast.selection.candidates import Flags, Vector

CONFIDENCE = 0.95


@dataclass(frozen=True)
class OfSeeds:
    """The setting ``best`` of the lowest mean over its seeds.

    Its loss on new rows, trained again, is to be expected between ``low``, the mean shown, and
    ``high``, which accounts for the choice. ``error`` of the mean, with ``freedom`` degrees;
    ``upper95``: bound; ``spread``: standard deviation between seeds. ``noise``: how far another
    setting's mean must be above it to be told apart, None of one setting; ``tied`` (G,): settings
    that cannot be.
    """

    best: int
    low: float
    high: float
    error: float
    freedom: float
    upper95: float
    spread: float
    noise: float | None
    tied: Flags


def of_seeds(settings: Sequence[ArrayLike], rows: int, row_variance: float) -> OfSeeds:
    """The best of G settings, each by the scores (S,) of its seeds on the same ``rows`` rows.

    ``row_variance``: of one row's loss under the best setting (p(1 - p) of an error rate p). The
    rows are the same for all seeds, so the seeds tell only half of the noise: the error is
    √(s²/S + row_variance/rows) with Welch's degrees of freedom (Welch 1947, Biometrika 34:28),
    which covers .945 to .958 for one setting; t·s/√S covers .41 to .93. The bound of the best of G
    is taken at .05/G. Between settings the noise of their means is s²/S; if all of it were
    independent, a share h = 1 - noise/variance of the best mean's distance from the others would be
    real, which gives ``high``.

    Raises DataError for fewer than two seeds or rows, or scores that are not finite.
    """
    scores = [np.asarray(own, np.float64) for own in settings]
    if rows < 2 or not scores or any(len(own) < 2 or not np.isfinite(own).all() for own in scores):
        raise DataError(
            f"scores of {[len(own) for own in scores]} seeds on {rows} rows: expected finite ones "
            "of at least two seeds of each setting, on at least two rows"
        )
    means = np.array([own.mean() for own in scores])
    variances = np.array([own.var(ddof=1) / len(own) for own in scores])  # of a setting's mean
    best = int(means.argmin())
    parts = float(variances[best]), row_variance / rows
    freedom = welch(parts, (len(scores[best]) - 1, rows - 1))
    error = math.sqrt(sum(parts))
    level, low, count = float(means.mean()), float(means[best]), len(means)
    between = float(means.var(ddof=1)) if count > 1 else 0.0
    kept = max(0.0, 1 - float(variances.mean()) / between) if between else float(count == 1)
    noise = _noise(variances, [len(own) for own in scores], best)
    return OfSeeds(
        best=best,
        low=low,
        high=level + kept * (low - level),
        error=error,
        freedom=freedom,
        upper95=low + quantile(1 - (1 - CONFIDENCE) / count, freedom) * error,
        spread=float(scores[best].std(ddof=1)),
        noise=noise,
        tied=means <= low + (noise or 0.0),
    )


def welch(variances: Sequence[float], freedoms: Sequence[float]) -> float:
    """Degrees of freedom of a sum of independent variances; infinite where all are 0."""
    squares = sum(v**2 / max(f, 1) for v, f in zip(variances, freedoms, strict=True))
    return sum(variances) ** 2 / squares if squares else math.inf


def quantile(level: float, freedom: float) -> float:
    """Of Student's t; of the normal for infinite degrees of freedom."""
    return float(t.ppf(level, freedom))


def _noise(variances: Vector, seeds: Sequence[int], best: int) -> float | None:
    """Least difference of two means that is not noise, for all settings at once (Bonferroni).

    The variance between seeds is pooled over settings: two or three seeds of one tell too little.
    """
    others = len(variances) - 1
    if others == 0:
        return None
    freedom = sum(seeds) - len(seeds)
    pooled = float((variances * np.array(seeds) * (np.array(seeds) - 1)).sum()) / freedom
    usual = float(np.median(seeds))
    wide = math.sqrt(pooled * (1 / seeds[best] + 1 / usual))
    return quantile(1 - (1 - CONFIDENCE) / others, freedom) * wide
