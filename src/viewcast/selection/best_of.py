"""The best of k runs: the loss that is shown, and the one to expect of the same choice.

Shape letters as in ``viewcast.selection.candidates``, N values of k.

Dodge et al. (2019), EMNLP, in the form without replacement of Tang et al. (2020), ACL; the honest
curve beside it is this project's.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from viewcast.selection.candidates import Vector
from viewcast.selection.resampling import Resampled
from viewcast.selection.selection_corrected import average, ranked

POINTS = 60  # of a curve over all k
BAND = (0.05, 0.95)


def weights(count: int, k: int) -> Vector:
    """Probability (count,) that the i-th best of ``count`` is the best of k drawn from them.

    p_i = C(count - i, k - 1) / C(count, k), i from 1, without replacement.
    """
    i = np.arange(1, count)
    steps = np.maximum(count - i - k + 1, 0) / (count - i)
    return k / count * np.cumprod(np.append(1.0, steps))


def best_of(shown: Vector, resampled: Resampled, ks: Sequence[int] | None = None) -> pd.DataFrame:
    """Curve over k, columns k, shown, honest, honest_low, honest_high; at most 60 k by default.

    ``shown`` (R,): the runs' mean losses. In the curve, ``shown`` is the expected lowest loss of k
    runs drawn at random. ``honest`` is the expected held-out loss of the same choice, made on other
    rows, as ``viewcast.selection.selection_corrected`` computes it for all R. ``honest_low`` and
    ``honest_high`` are the ``BAND`` quantiles over the draws. Where the two curves part, more runs
    improve the loss that is shown and not the loss on new rows.
    """
    count = len(shown)
    points = _thinned(count) if ks is None else np.asarray(ks)
    order = np.argsort(shown, kind="stable")
    chances = np.stack([weights(count, int(k)) for k in points])  # (N, R)
    outside = ranked(resampled)
    lost = average(outside - resampled.fixed[:, order], resampled.held)
    low, high = np.quantile(outside @ chances.T, BAND, axis=0)
    naive = chances @ shown[order]
    return pd.DataFrame(
        {
            "k": points,
            "shown": naive,
            "honest": naive + chances @ lost,
            "honest_low": low,
            "honest_high": high,
        }
    )


def _thinned(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if count <= POINTS:
        return np.arange(1, count + 1)
    return np.unique(np.geomspace(1, count, POINTS).round().astype(np.int64))
