"""What a setting is worth that was trained with several seeds: their noise and that of the rows.

Shape letters: S seeds. Scores are losses: the lower is the better.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t

from viewcast.base.errors import DataError

CONFIDENCE = 0.95


@dataclass(frozen=True)
class OfSeeds:
    """``mean`` over seeds, its standard ``error`` and the ``freedom`` of that; ``upper95``: bound
    of the loss to expect of the setting on new rows; ``spread``: standard deviation between seeds.
    """

    mean: float
    error: float
    freedom: float
    upper95: float
    spread: float


def of_seeds(scores: ArrayLike, row_variance: float, rows: int) -> OfSeeds:
    """One setting by the scores (S,) of its seeds, all means over the same ``rows`` rows.

    ``row_variance``: of one row's loss (p(1 - p) of an error rate p). The rows are the same for all
    seeds, so seeds alone tell half of the noise: the error is √(s²/S + row_variance/rows) with
    Welch's degrees of freedom (Welch 1947, Biometrika 34:28), which covers .945 to .958;
    Student's t of the seeds alone, t·s/√S, covers .41 to .93.

    Raises DataError for fewer than two seeds or rows, or scores that are not finite.
    """
    values = np.asarray(scores, np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all() or rows < 2:
        raise DataError(
            f"scores of shape {values.shape} of {rows} rows: expected finite ones of at least two "
            "seeds, on at least two rows"
        )
    spread = float(values.std(ddof=1))
    parts = spread**2 / len(values), row_variance / rows
    error = math.sqrt(sum(parts))
    freedom = welch(parts, (len(values) - 1, rows - 1))
    mean = float(values.mean())
    return OfSeeds(mean, error, freedom, mean + student(CONFIDENCE, freedom) * error, spread)


def welch(variances: tuple[float, ...], freedoms: tuple[float, ...]) -> float:
    """Degrees of freedom of a sum of independent variances; infinite where all are 0."""
    squares = sum(v**2 / max(f, 1) for v, f in zip(variances, freedoms, strict=True))
    return sum(variances) ** 2 / squares if squares else math.inf


def student(level: float, freedom: float) -> float:
    """Quantile of Student's t; of the normal for infinite degrees of freedom."""
    return float(t.ppf(level, freedom))
