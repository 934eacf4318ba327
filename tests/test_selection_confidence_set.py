"""Who cannot be told apart from the best: against arch, against loops, and at the edges."""

import math

import numpy as np
import pytest
from arch.bootstrap import MCS
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from support.arch_draws import arch_weights
from support.simulated_losses import autoregressive
from support.simulated_losses import squared_errors as study
from viewcast.base.errors import DataError
from viewcast.selection import confidence_set as module
from viewcast.selection.confidence_set import confidence_set, resampled_weights

Losses = NDArray[np.float64]


def set_by_loops(losses: Losses, draws: int, seed: int) -> list[int]:
    """The description of the set, one run, one pair and one draw after the other."""
    rows = losses.shape[1]
    weights = resampled_weights(rows, draws, seed)
    wider = student.ppf(0.975, rows - 1) / norm.ppf(0.975)
    best = int(losses.mean(axis=1).argmin())
    kept = {best}
    for sign in (1, -1):
        left = [run for run in range(len(losses)) if run != best]
        while left:
            apart = losses[left] - losses[best]
            errors = apart.std(axis=1) / math.sqrt(rows)
            largest = [max(sign * (apart @ drawn) / errors) for drawn in weights]
            limit = wider * np.quantile(largest, 0.975)
            worse = [
                i for i, own in zip(left, apart.mean(axis=1) / errors, strict=True) if own >= limit
            ]
            if not worse:
                break
            left = [run for run in left if run not in worse]
        kept |= set(left)
    left = sorted(kept)
    while len(left) > 1:
        largest, t = np.zeros(draws), np.zeros(len(left))
        for first in left:
            for second in left:
                apart = losses[first] - losses[second]
                if first == second:
                    continue
                error = apart.std() / math.sqrt(rows)
                largest = np.maximum(largest, weights @ apart / error)
                t[left.index(first)] = max(t[left.index(first)], apart.mean() / error)
        limit = wider * np.quantile(largest, 0.975)
        if not (t >= limit).any():
            break
        left = [run for run, own in zip(left, t, strict=True) if own < limit]
    return left


@pytest.mark.parametrize("seed", range(6))
def test_dropping_all_beyond_the_quantile_at_once_ends_in_the_set_of_arch(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = study(seed, 12, 150, 1.0)
    reference = MCS(losses.T, 0.025, reps=300, block_size=1, method="R", seed=seed)
    reference.compute()
    monkeypatch.setattr(module, "_wider", lambda cell_count: 1.0)  # arch knows no such caution
    apart = losses - losses[losses.mean(axis=1).argmin()]
    found = module._no_worse_than_another(apart, arch_weights(150, 300, seed))
    assert np.flatnonzero(found).tolist() == sorted(reference.included)


def test_a_given_one_of_equally_good_runs_is_in_the_set_in_95_percent() -> None:
    rng = np.random.default_rng(5)
    held = [confidence_set(rng.gamma(2.0, size=(20, 80)), 1, 200, i)[0] for i in range(300)]
    assert np.mean(held) >= 0.92


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


@pytest.mark.parametrize("rows", [1, 2, 14, 105])
def test_below_sixteen_cells_nobody_can_be_told_apart(rows: int) -> None:
    assert confidence_set(study(0, 5, rows, 5.0), 7, 100, 1).all()


def test_sixteen_cells_end_in_a_set() -> None:
    assert 1 <= confidence_set(study(0, 5, 112, 5.0), 7, 100, 1).sum() < 5


def test_losses_that_are_not_finite_are_refused_with_the_run() -> None:
    losses = study(0, 4, 30, 0)
    losses[2, 5] = np.nan
    with pytest.raises(DataError, match=r"losses of runs \[2\] are not finite"):
        confidence_set(losses, 1, 100, 1)
