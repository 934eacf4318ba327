"""Is the expected loss right, does the bound hold? Asked on videos that no choice has seen.

Shape letters: K candidates, N videos, S studies.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from viewcast.selection.candidates import Candidates
from viewcast.selection.clusters import Clusters, cluster_error
from viewcast.selection.inference import Settings, infer

QUANTILE = 1.645  # of 95 %

Matrix = NDArray[np.float64]


def repeated(losses: Matrix, keys: pd.DataFrame, videos: int, studies: int) -> dict[str, Any]:
    """Choose by ``videos`` random videos, compare with the loss on all others.

    ``losses`` (K, N) of rows with ``keys`` (entity, time). The truth has an error of its own, that
    of the other videos, which the error of the bias contains.
    """
    rng = np.random.default_rng(2021)
    names = keys["entity"].unique()
    biases, shown, covered, error = [], [], [], []
    for study in range(studies):
        inside = keys["entity"].isin(set(rng.permutation(names)[:videos])).to_numpy()
        own = losses[:, inside]
        found = infer(
            Candidates.of([row[None] for row in own]),
            settings=Settings(draws=300, seed=study),
            clusters=Clusters.of(keys[inside], "entity"),
        )
        corrected = found.selection_corrected
        assert corrected is not None
        winner = int(own.mean(axis=1).argmin())
        true = losses[winner, ~inside].mean()
        biases.append(corrected.expected[0] - true)
        shown.append(own[winner].mean() - true)
        covered.append(bool(corrected.upper95[0] >= true))
        error.append(cluster_error(own[winner], Clusters.of(keys[inside], "entity")).error)
    scale, others = float(np.mean(error)), len(names) - videos
    # The truth is a mean of the other videos, and so has an error of its own.
    exact = float(norm.cdf(QUANTILE / np.sqrt(1 + videos / others)))
    return {
        "videos to choose by": videos,
        "studies": studies,
        "shown less true": float(np.mean(shown)),
        "expected less true": float(np.mean(biases)),
        "± of both": float(np.std(biases, ddof=1) / np.sqrt(studies)),
        "standard error of a score": scale,
        "bound holds, %": 100 * float(np.mean(covered)),
        "an exact one, %": 100 * exact,
    }
