"""What luck alone explains, where only one score of each run is known.

Without row losses it is not known how noisy a score is or how much runs have in common. So there is
no corrected score, only two limits: the winner is as good as it looks (all differences are real),
or no better than the average run (all differences are luck).

Shape letters: R runs, N values of k.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.special import log_ndtr

from viewcast.base.errors import DataError
from viewcast.selection.best_of import weights
from viewcast.selection.candidates import Vector


@dataclass(frozen=True)
class AllLuck:
    """The scores, read as if all runs were equally good.

    ``shown``: the best score; ``level``: mean of all, which is then the winner's true loss;
    ``spread``: their standard deviation, which would all be noise; ``gaussian``: the best score
    to expect of so many runs then. A ``shown`` well below ``gaussian`` is more than luck.
    """

    shown: float
    level: float
    spread: float
    gaussian: float


def shown(scores: ArrayLike, ks: Sequence[int]) -> Vector:
    """Expected lowest score (N,) of k of the R runs, for each k, drawn without replacement.

    Exact: Σ p_i(k) s_(i) over the sorted scores, p_i(k) of ``viewcast.selection.best_of.weights``.
    Raises DataError for scores that are not finite, no score, or a k outside 1 to R.
    """
    ordered = np.sort(_scores(scores))
    wrong = [k for k in ks if not 1 <= k <= len(ordered)]
    if wrong:
        raise DataError(f"best of k = {wrong}: expected 1 to {len(ordered)}, the number of scores")
    return np.array([(weights(len(ordered), k) * ordered).sum() for k in ks])


def all_luck(scores: ArrayLike) -> AllLuck:
    """The scores (R,), lower is better, under "all runs are equally good".

    ``gaussian`` is mean - s E[max of R standard normal numbers], s the standard deviation. It
    assumes that runs are equally good, independent and normal, and that s is all noise. No
    estimate of the winner: correlated runs, as all that share rows and features are, make it wrong
    by factors.

    Raises DataError for scores that are not finite, or no score.
    """
    values = _scores(scores)
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    level = float(values.mean())
    return AllLuck(float(values.min()), level, spread, level - spread * expected_max(len(values)))


def expected_max(count: int) -> float:
    """E[max] of ``count`` independent standard normal numbers: ∫ x K φ(x) Φ(x)^(K-1) dx."""

    def integrand(x: float) -> float:
        log_density = -x * x / 2 - math.log(2 * math.pi) / 2
        return x * count * math.exp(log_density + (count - 1) * float(log_ndtr(x)))

    centre = math.sqrt(2 * math.log(count)) if count > 1 else 0.0
    value, _ = quad(integrand, -9, centre + 9, points=[0.0, centre], limit=200)
    return float(value)


def _scores(scores: ArrayLike) -> Vector:
    values = np.asarray(scores, np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise DataError(
            f"scores of shape {values.shape}: expected one finite number for each of at least one "
            "run; exclude runs without one"
        )
    return values
