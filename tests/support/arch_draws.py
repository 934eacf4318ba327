"""The resamples of the library ``arch``, in the form of ``viewcast.selection.confidence_set``."""

import numpy as np
from arch.bootstrap import StationaryBootstrap
from numpy.typing import NDArray


def arch_weights(rows: int, draws: int, seed: int) -> NDArray[np.float64]:
    """How often each row was drawn, less once, by the number of rows (draws, rows)."""
    drawn = StationaryBootstrap(1, np.arange(rows), seed=seed).bootstrap(draws)
    counts = np.array([np.bincount(indices[0][0], minlength=rows) for indices in drawn])
    return (counts - 1) / rows
