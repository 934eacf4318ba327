"""Who cannot be told apart from the best: against arch, against loops, and at the edges."""

import math

import numpy as np
import pytest
from arch.bootstrap import MCS, SPA, StationaryBootstrap
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.simulated_losses import autoregressive
from viewcast.base.errors import DataError
from viewcast.selection.confidence_set import confidence_set, superior

Losses = NDArray[np.float64]


def study(seed: int, runs: int, rows: int, spread: float) -> Losses:
    """Squared errors of forecasts of one target with errors of different size."""
    rng = np.random.default_rng(seed)
    sizes = 0.5 + spread * np.arange(runs) / runs
    return (rng.normal(size=rows) + sizes[:, None] * rng.normal(size=(runs, rows))) ** 2


def resamples(rows: int, draws: int, seed: int) -> list[NDArray[np.int64]]:
    drawn = StationaryBootstrap(1, np.arange(rows), seed=seed).bootstrap(draws)
    return [indices[0][0] for indices in drawn]


def left_by_loops(losses: Losses, runs: list[int], draws: int, seed: int, pairs: bool) -> list[int]:
    """Hansen, Lunde & Nason (2011), section 3.1.2: T_max, or T_R of ``pairs``, at half of 5 %."""
    left, samples = list(range(len(runs))), resamples(losses.shape[1], draws, seed)
    own = losses[runs]
    while len(left) > 1:
        means = own[left].mean(axis=1)
        drawn = np.array([own[left][:, rows].mean(axis=1) - means for rows in samples])
        if pairs:
            apart, drawn = means[:, None] - means, drawn[:, :, None] - drawn[:, None, :]
        else:
            apart, drawn = means - means.mean(), drawn - drawn.mean(axis=1, keepdims=True)
        spread = np.sqrt((drawn**2).mean(axis=0))
        spread[spread == 0] = np.inf  # a run and itself
        t, drawn_t = apart / spread, np.abs(drawn / spread) if pairs else drawn / spread
        if np.mean(drawn_t.reshape(draws, -1).max(axis=1) > t.max()) > 0.025:
            break
        left.pop(int(np.unravel_index(t.argmax(), t.shape)[0]))
    return [runs[place] for place in left]


def set_by_loops(losses: Losses, draws: int, seed: int) -> list[int]:
    """All pairs of what the comparison with the mean leaves."""
    left = left_by_loops(losses, list(range(len(losses))), draws, seed, pairs=False)
    return left_by_loops(losses, left, draws, seed, pairs=True)


def p_by_loops(reference: Losses, losses: Losses, draws: int, seed: int) -> float:
    """Hansen (2005), consistent form, with the standard deviations of independent rows."""
    gains = reference - losses
    rows = gains.shape[1]
    gains = gains / gains.std(axis=1, keepdims=True)
    means = gains.mean(axis=1)
    relevant = means >= -math.sqrt(2 * math.log(math.log(rows)) / rows)
    centre = np.where(relevant, means, 0)
    largest = [max(gains[:, s].mean(axis=1) - centre) for s in resamples(rows, draws, seed)]
    return float(np.mean(np.array(largest) > means.max()))


# The model confidence set


@pytest.mark.parametrize("seed", range(4))
def test_on_single_rows_the_set_is_that_of_arch(seed: int) -> None:
    losses = study(seed, 12, 150, 1.0)
    left = np.arange(len(losses))
    for method in ("max", "R"):
        reference = MCS(losses[left].T, 0.025, reps=300, block_size=1, method=method, seed=seed)
        reference.compute()
        left = left[sorted(reference.included)]
    assert np.flatnonzero(confidence_set(losses, 1, 300, seed)).tolist() == left.tolist()


def test_runs_clearly_worse_than_the_best_are_told_apart_however_many_run() -> None:
    rng = np.random.default_rng(7)
    skill = np.linspace(0, 0.3, 200)[:, None]
    losses = 1 + skill + 0.1 * rng.normal(size=(200, 300)) + rng.normal(size=300)
    found = confidence_set(losses, 1, 300, 7)
    # The error of a difference is 0.008: 0.1 is twelve of them.
    assert found[0]
    assert not found[skill[:, 0] > 0.1].any()


def test_the_set_of_a_clear_study_is_neither_one_run_nor_all() -> None:
    assert 1 < confidence_set(study(0, 12, 150, 1.0), 1, 300, 0).sum() < 12


@pytest.mark.parametrize("seed", range(4))
def test_on_single_rows_the_set_is_that_of_the_loops(seed: int) -> None:
    losses = study(10 + seed, 8, 120, 1.0)
    assert np.flatnonzero(confidence_set(losses, 1, 200, seed)).tolist() == set_by_loops(
        losses, 200, seed
    )


@pytest.mark.parametrize(("rows", "length", "size"), [(1200, 1, 3), (150, 7, 7), (100, 2.5, 3)])
def test_rows_are_averaged_over_cells_of_at_least_the_dependence_length(
    rows: int, length: float, size: int
) -> None:
    losses = study(3, 10, rows - rows % size, 1.0)
    cells = losses.reshape(10, -1, size).mean(axis=2)
    assert (confidence_set(losses, length, 200, 1) == confidence_set(cells, 1, 200, 1)).all()


def test_runs_that_are_clearly_worse_are_left_out_and_equals_stay() -> None:
    rng = np.random.default_rng(4)
    losses = rng.normal(size=400) ** 2 + 0.1 * rng.normal(size=(9, 400))
    losses[5:] += 0.2
    assert confidence_set(losses, 1, 500, 1).tolist() == [True] * 5 + [False] * 4


def test_equal_runs_with_dependent_rows_stay_together_where_rows_are_cut_by_their_length() -> None:
    rng = np.random.default_rng(6)
    whole = {1: 0, 32: 0}
    for seed in range(40):
        losses = autoregressive(rng, (5, 1000), 0.8)
        for length in whole:
            whole[length] += confidence_set(losses, length, 200, seed).all()
    assert whole[32] >= 32
    assert whole[1] < 16


def test_one_exploding_row_does_not_tie_everybody() -> None:
    losses = study(6, 20, 300, 1.0)
    calm = confidence_set(losses, 1, 300, 1)
    exploded = losses[3].copy()
    exploded[7] = 1e9
    found = confidence_set(np.vstack([losses, exploded]), 1, 300, 1)
    assert calm.sum() < 20
    assert found[:-1].tolist() == calm.tolist()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 1e6]), min_size=6, max_size=6),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_the_best_run_and_all_its_copies_are_always_in_the_set(
    rows: list[list[float]], length: int
) -> None:
    losses = np.array(rows)
    best = losses.sum(axis=1).argmin()
    found = confidence_set(np.vstack([losses, losses]), length, 50, 1)
    assert found[best]
    assert (found[: len(losses)] == found[len(losses) :]).all(), "copies share their fate"


def test_one_run_is_in_the_set() -> None:
    assert confidence_set(study(0, 1, 50, 0), 1, 100, 1).tolist() == [True]


def test_copies_of_one_run_are_all_in_the_set() -> None:
    assert confidence_set(np.repeat(study(0, 1, 50, 0), 4, axis=0), 1, 100, 1).all()


def test_copies_of_the_best_change_nothing_for_the_others() -> None:
    losses = study(7, 8, 200, 1.0)
    best = losses.mean(axis=1).argmin()
    copied = np.vstack([losses, np.repeat(losses[[best]], 20, axis=0)])
    assert confidence_set(copied, 1, 300, 1).tolist() == [
        *confidence_set(losses, 1, 300, 1),
        *[True] * 20,
    ]


def test_the_same_model_rounded_otherwise_is_tied_with_itself() -> None:
    losses = study(7, 8, 200, 1.0)
    best = losses[losses.mean(axis=1).argmin()]
    rounded = best * (1 + 1e-13 * np.random.default_rng(1).normal(size=(30, 200)))
    assert confidence_set(np.vstack([losses, rounded]), 1, 200, 1)[8:].all()


def test_runs_a_constant_apart_are_told_apart() -> None:
    base = np.random.default_rng(8).gamma(2.0, size=200)
    losses = np.stack([base + 1, base, base + 2, base, base + 1])
    assert confidence_set(losses, 1, 200, 1).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_runs_without_variance_are_told_apart(level: float) -> None:
    losses = np.full((3, 50), level)
    losses[1] += 1
    assert confidence_set(losses, 1, 100, 1).tolist() == [True, False, True]


def test_a_mean_of_two_runs_between_them_ends() -> None:
    """Its deviation from the mean of the set has no variance at all."""
    two = study(9, 2, 200, 2.0)
    found = confidence_set(np.vstack([two, two.mean(axis=0)]), 1, 200, 1)
    assert found.tolist() == [True, False, False]


@pytest.mark.parametrize("rows", [1, 2, 14])
def test_below_three_cells_nobody_can_be_told_apart(rows: int) -> None:
    assert confidence_set(study(0, 5, rows, 5.0), 7, 100, 1).all()


def test_three_cells_end_in_a_set() -> None:
    assert confidence_set(study(0, 5, 21, 5.0), 7, 100, 1).any()


def test_losses_that_are_not_finite_are_refused_with_the_run() -> None:
    losses = study(0, 4, 30, 0)
    losses[2, 5] = np.nan
    with pytest.raises(DataError, match=r"losses of runs \[2\] are not finite"):
        confidence_set(losses, 1, 100, 1)


# Superior predictive ability


@pytest.mark.parametrize("seed", range(6))
def test_on_single_rows_the_p_value_is_that_of_the_loops(seed: int) -> None:
    losses = study(20 + seed, 6, 120, 1.5)
    reference = study(20 + seed, 1, 120, 0)[0] * 1.05
    expected = p_by_loops(reference, losses, 200, seed)
    assert superior(reference, losses, 1, 200, seed) == expected


def test_for_one_run_the_p_value_is_that_of_arch_on_the_rows() -> None:
    both = study(30, 2, 150, 0.3)
    reference = SPA(both[1], both[:1].T, block_size=1, reps=400, seed=3)
    reference.compute()
    expected = float(reference.pvalues["consistent"])
    assert 0 < expected < 0.5
    assert superior(both[1], both[:1], 1, 400, 3) == expected


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
