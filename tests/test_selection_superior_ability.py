"""Whether any run is better than a reference: against arch, against loops, and at the edges."""

import math

import numpy as np
import pytest
from arch.bootstrap import SPA
from numpy.typing import NDArray

from support.arch_draws import arch_weights
from support.simulated_losses import squared_errors as study
from viewcast.selection.confidence_set import resampled_weights
from viewcast.selection.superior_ability import p_value, superior

Losses = NDArray[np.float64]


def p_by_loops(reference: Losses, losses: Losses, draws: int, seed: int) -> float:
    """Hansen (2005), consistent form, with the standard deviations of independent rows."""
    gains = reference - losses
    rows = gains.shape[1]
    weights = resampled_weights(rows, draws, seed)
    gains = gains / gains.std(axis=1, keepdims=True)
    means = gains.mean(axis=1)
    relevant = means >= -math.sqrt(2 * math.log(math.log(rows)) / rows)
    centre = np.where(relevant, means, 0)
    largest = [max(means + gains @ drawn - centre) for drawn in weights]
    return float(np.mean(np.array(largest) > means.max()))


@pytest.mark.parametrize("seed", range(6))
def test_on_single_rows_the_p_value_is_that_of_the_loops(seed: int) -> None:
    losses = study(20 + seed, 6, 120, 1.5)
    reference = study(20 + seed, 1, 120, 0)[0] * 1.05
    expected = p_by_loops(reference, losses, 200, seed)
    assert superior(reference, losses, 1, 200, seed) == expected


@pytest.mark.parametrize("runs", [1, 7])
@pytest.mark.parametrize("seed", range(4))
def test_on_the_draws_of_arch_the_p_value_is_its_own(runs: int, seed: int) -> None:
    losses = study(30 + seed, runs + 1, 150, 0.3)
    gains = losses[-1] - losses[:-1]
    gains /= gains.std(axis=1, keepdims=True)
    reference = SPA(np.zeros(150), -gains.T, block_size=1, reps=400, seed=seed)
    reference.compute()
    expected = float(reference.pvalues["consistent"])
    assert expected < 0.9
    assert p_value(gains, arch_weights(150, 400, seed)) == pytest.approx(expected, abs=0.0051)


def test_a_better_run_is_found_beside_one_that_exploded() -> None:
    losses = study(31, 5, 300, 0)
    reference = losses.mean(axis=0) + 0.3
    exploded = losses[[0]].copy()
    exploded[0, 9] = 1e9
    assert superior(reference, np.vstack([losses, exploded]), 1, 300, 1) < 0.01


def test_of_many_runs_no_better_than_the_reference_one_seems_better_in_few_studies() -> None:
    rng = np.random.default_rng(9)
    found = []
    for seed in range(150):
        losses = rng.normal(size=(11, 60))
        found.append(superior(losses[0], losses[1:], 1, 100, seed))
    assert np.mean(np.array(found) < 0.05) <= 0.1


def test_a_run_like_the_reference_is_not_superior() -> None:
    reference = study(32, 1, 80, 0)
    assert superior(reference[0], reference, 1, 100, 1) == 1
    assert superior(reference[0], np.vstack([reference, reference + 1]), 1, 100, 1) == 1


def test_a_run_that_is_better_by_a_constant_is_superior() -> None:
    reference = study(33, 1, 80, 0)
    losses = np.vstack([reference - 0.1, study(34, 1, 80, 0)])
    assert superior(reference[0], losses, 1, 100, 1) == 0


def test_no_run_is_superior_that_is_worse_on_the_mean() -> None:
    losses = study(35, 4, 100, 0)
    assert superior(losses.min(axis=0), losses, 1, 100, 1) == 1


def test_below_three_cells_no_run_is_superior() -> None:
    losses = study(36, 4, 10, 0)
    assert superior(losses[0] + 5, losses, 5, 100, 1) == 1
