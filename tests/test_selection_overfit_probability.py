"""Combinatorially symmetric cross-validation: by hand, by loops, and its known blind spot."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import rankdata

from viewcast.base.errors import ConfigError, DataError
from viewcast.selection.overfit_probability import overfit_probability

Losses = NDArray[np.float64]


def by_loops(losses: Losses, parts: int) -> float:
    stretches = np.array_split(np.arange(losses.shape[1]), parts)
    poor = []
    for half in itertools.combinations(range(parts), parts // 2):
        inside = np.concatenate([stretches[i] for i in half])
        outside = np.setdiff1d(np.arange(losses.shape[1]), inside)
        winner = losses[:, inside].mean(axis=1).argmin()
        # The best run has the highest rank, as in the paper; ties share their mean rank.
        rank = rankdata(-losses[:, outside].mean(axis=1))[winner] / (len(losses) + 1)
        logit = math.log(rank / (1 - rank))
        poor.append(0.5 if abs(logit) < 1e-9 else float(logit < 0))
    return float(np.mean(poor))


def test_three_runs_on_four_parts_by_hand() -> None:
    losses = np.array([[1.0, 2, 9, 4], [2.0, 3, 3, 3], [5.0, 1, 2, 8]])
    # Parts inside: sums of the runs there -> winner; sums outside; the winner's place outside.
    #   1 2:  3  5  6 -> first;  13  6 10: last, poor
    #   1 3: 10  5  7 -> second;  6  6  9: shares the first place, good
    #   1 4:  5  5 13 -> first;  11  6  3: last, poor
    #   2 3: 11  6  3 -> third;   5  5 13: last, poor
    #   2 4:  6  6  9 -> first;  10  5  7: last, poor
    #   3 4: 13  6 10 -> second;  3  5  6: the median, half
    assert overfit_probability(losses, 4) == pytest.approx(4.5 / 6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(8, 30), st.sampled_from([2, 4, 6]))
def test_the_matrix_product_is_the_loop_of_the_definition(
    seed: int, runs: int, rows: int, parts: int
) -> None:
    losses = np.random.default_rng(seed).normal(size=(runs, rows))
    # array_split puts the longer parts first, which moves the edges: whole multiples only.
    losses = losses[:, : rows - rows % parts]
    assert overfit_probability(losses, parts) == pytest.approx(by_loops(losses, parts))


@pytest.mark.parametrize("runs", [3, 4, 40])
def test_noise_is_a_coin_toss(runs: int) -> None:
    rng = np.random.default_rng(2)
    found = [overfit_probability(rng.normal(size=(runs, 160)), 8) for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.5, abs=4 * np.std(found) / math.sqrt(200))


def test_a_run_that_is_better_everywhere_is_no_poor_choice() -> None:
    losses = np.random.default_rng(3).normal(size=(50, 320))
    losses[17] -= 3
    assert overfit_probability(losses) == 0


def test_a_model_fitted_to_these_very_rows_looks_safe() -> None:
    """The blind spot for which the number must not be read alone."""
    rng = np.random.default_rng(4)
    target = rng.normal(size=320)
    guesses = rng.normal(size=(40, 320))
    memorised = 0.9 * target + 0.1 * rng.normal(size=320)
    losses = (target - np.vstack([guesses, memorised])) ** 2
    assert overfit_probability(losses) < 0.01


def test_one_run_was_not_chosen() -> None:
    assert overfit_probability(np.random.default_rng(0).normal(size=(1, 64))) == 0


@pytest.mark.parametrize("copies", [2, 3, 7])
def test_copies_of_one_run_share_the_median(copies: int) -> None:
    losses = np.repeat(np.random.default_rng(5).normal(size=(1, 33)), copies, axis=0)
    assert overfit_probability(losses) == 0.5


def test_constant_losses_are_a_tie() -> None:
    assert overfit_probability(np.full((3, 20), 0.1)) == 0.5


def test_fewer_rows_than_parts_make_fewer_parts() -> None:
    losses = np.random.default_rng(6).normal(size=(4, 7))
    assert overfit_probability(losses, 16) == overfit_probability(losses, 6)


def test_small_blocks_of_halves_give_the_same_number(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = np.random.default_rng(7).normal(size=(5, 100))
    whole = overfit_probability(losses, 8)
    monkeypatch.setattr("viewcast.selection.overfit_probability.AT_ONCE", 15)
    assert overfit_probability(losses, 8) == whole


@pytest.mark.parametrize("parts", [0, 1, 7, -2])
def test_a_number_of_parts_without_halves_is_refused(parts: int) -> None:
    with pytest.raises(ConfigError, match=f"parts = {parts}: expected an even number"):
        overfit_probability(np.ones((2, 20)), parts)


@pytest.mark.parametrize(
    "losses", [np.ones((2, 1)), np.array([[1.0, np.nan], [1.0, 2.0]]), np.full((2, 4), np.inf)]
)
def test_losses_that_cannot_be_halved_are_refused(losses: Losses) -> None:
    with pytest.raises(DataError, match="expected at least two rows and finite losses"):
        overfit_probability(losses)
