"""The best of k runs: the loss that is shown, and the one to expect of the same choice.

Shape letters as in ``viewcast.selection.candidates``, N values of k.

Dodge et al. (2019), EMNLP, in the form without replacement of Tang et al. (2020), ACL; the honest
curve beside it is this project's. A band that holds at all k at once: Montiel Olea &
Plagborg-Møller (2019), Journal of Applied Econometrics 34:1.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from viewcast.base.products import MIDDLE, product
from viewcast.selection.candidates import Vector
from viewcast.selection.resampling import Resampled
from viewcast.selection.selection_corrected import average, ranked
from viewcast.selection.upper_bound import MeanError

POINTS = 60  # of a curve over all k
CONFIDENCE = 0.95
NORMAL = 1.959964  # two-sided quantile of the standard normal


def weights(count: int, k: int) -> Vector:
    """Probability (count,) that the i-th best of ``count`` is the best of k drawn from them.

    p_i = C(count - i, k - 1) / C(count, k), i from 1, without replacement.
    """
    i = np.arange(1, count)
    steps = np.maximum(count - i - k + 1, 0) / (count - i)
    return k / count * np.cumprod(np.append(1.0, steps))


def best_of(
    shown: Vector,
    resampled: Resampled,
    ks: Sequence[int] | None = None,
    error: MeanError | None = None,
) -> pd.DataFrame:
    """Curve over k, columns k, shown, honest, honest_low, honest_high; at most 60 k by default.

    ``shown`` (R,): the runs' mean losses. In the curve, ``shown`` is the expected lowest loss of k
    runs drawn at random from these. ``honest`` is the expected held-out loss of the same choice,
    made on other rows, as ``viewcast.selection.selection_corrected`` computes it for all R. Where
    the two curves part, more runs improve the loss that is shown and not the loss on new rows.

    ``honest_low`` and ``honest_high``: band that holds the loss of the best of k of these runs on
    new rows, for all k at once with 95 % (.87 to 1.00 in simulations with squared t(5) errors, .94
    on average); ``error``: that of the winner, whose skewness, degrees of freedom and size at the
    end of the curve it takes. NaN without it. Runs that were not made are another question: for
    those see Lourie, Cho & He (2024), NAACL.
    """
    count = len(shown)
    points = _thinned(count) if ks is None else np.asarray(ks)
    order = np.argsort(shown, kind="stable")
    chances = np.stack([weights(count, int(k)) for k in points])  # (N, R)
    outside = ranked(resampled)
    lost = average(outside - resampled.fixed[:, order], resampled.held)
    naive = product(chances, shown[order])
    honest = naive + product(chances, lost)
    below, above = (
        (np.nan, np.nan)
        if error is None
        else _band(product(outside, chances.T, MIDDLE), resampled, error)
    )
    return pd.DataFrame(
        {
            "k": points,
            "shown": naive,
            "honest": honest,
            "honest_low": honest - below,
            "honest_high": honest + above,
        }
    )


def _band(curves: Vector, resampled: Resampled, error: MeanError) -> tuple[Vector, Vector]:
    """How far the band of N points reaches below and above the curve; ``curves`` (B, N) of draws.

    The draws tell the error at every k, and how errors at different k go together.
    """
    apart = resampled.apart(curves)
    errors = np.sqrt((apart**2).mean(axis=0))
    studentised = np.abs(apart) / np.where(errors > 0, errors, 1.0)
    critical = float(np.quantile(studentised.max(axis=1), CONFIDENCE))
    critical *= float(stdtrit(error.freedom, (1 + CONFIDENCE) / 2)) / NORMAL
    if errors[-1] > 0:
        least = 1.0 if resampled.side is None else 0.0  # of rectangles only the form is known
        errors *= max(least, error.error / float(errors[-1]))
    skew = (2 * critical**2 + 1) / 6  # Johnson's, as in viewcast.selection.upper_bound
    return errors * (critical + error.opposite * skew), errors * (critical + error.skewness * skew)


def _thinned(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if count <= POINTS:
        return np.arange(1, count + 1)
    return np.unique(np.geomspace(1, count, POINTS).round().astype(np.int64))
