"""Ways of reading the winner's validation score, side by side: what each promises of new rows.

Every reading gives an expected loss and a 95 % upper bound (None where it offers none) from the
same row losses (K, M) that chose the winner.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.dependence import dependence_length
from viewcast.selection.resampling import resample
from viewcast.selection.selection_corrected import selection_corrected
from viewcast.selection.upper_bound import upper_bounds

Z95 = float(norm.ppf(0.95))
FOLDS = 5


@dataclass(frozen=True)
class Reading:
    """What is promised of the winner on new rows."""

    expected: float
    upper95: float


def best_run(losses: NDArray[Any]) -> Reading:
    """The run table sorted by validation loss, and the textbook error of the first line."""
    winner = losses[losses.mean(1).argmin()]
    mean = float(winner.mean())
    return Reading(mean, mean + Z95 * float(winner.std(ddof=1)) / np.sqrt(len(winner)))


def k_fold(losses: NDArray[Any]) -> Reading:
    """Mean and spread of the winner's loss over five consecutive folds of the rows."""
    winner = losses[losses.mean(1).argmin()]
    folds = np.array([fold.mean() for fold in np.array_split(winner, FOLDS)])
    mean = float(winner.mean())
    return Reading(mean, mean + Z95 * float(folds.std(ddof=1)) / np.sqrt(FOLDS))


def gaussian(losses: NDArray[Any]) -> Reading:
    """Adds what the best of K independent, equally good candidates gains by luck, E[max of K]."""
    winner = losses[losses.mean(1).argmin()]
    error = float(winner.std(ddof=1)) / np.sqrt(len(winner))
    expected = float(winner.mean()) + expected_max(len(losses)) * error
    return Reading(expected, expected + Z95 * error)


def fair_75(losses: NDArray[Any], least: float, draws: int, seed: int) -> tuple[Reading, float]:
    """The selection-corrected loss, and the dependence length of the rows."""
    candidates = Candidates.of(list(losses[:, np.newaxis]))
    length = dependence_length(candidates.losses, least)
    drawn = draw(losses.shape[1], length, draws, seed)
    resampled = resample(candidates, drawn)
    expected = selection_corrected(candidates, resampled).expected
    bound = upper_bounds(candidates, drawn, resampled, expected, length, ranks=1)
    return Reading(float(expected[0]), float(bound.values[0])), length


def expected_max(count: int) -> float:
    """Mean of the largest of ``count`` standard normal numbers, by integration."""
    grid = np.linspace(-8, 8, 4001)
    density = count * norm.cdf(grid) ** (count - 1) * norm.pdf(grid)
    return float(np.trapezoid(grid * density, grid))
