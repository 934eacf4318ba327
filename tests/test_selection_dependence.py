"""How far rows depend on their neighbours, and what the error of a mean is then."""

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length

from support.simulated_losses import autoregressive, simulated
from viewcast.scoring.scores import score
from viewcast.selection.dependence import circular_length, dependence_length, standard_error
from viewcast.selection.sample_size import sample_size


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.3, 0.8, 0.97])
@pytest.mark.parametrize("rows", [20, 150, 1000])
def test_the_length_of_one_series_is_that_of_arch(rows: int, phi: float) -> None:
    series = simulated(3, 1, 1, rows, phi).losses[0]
    theirs = optimal_block_length(series[0])["circular"].iloc[0]
    assert circular_length(series) == pytest.approx(theirs, rel=1e-9)


def test_pooling_weighs_each_series_alike_when_they_vary_alike() -> None:
    one = simulated(3, 1, 1, 300, 0.7).losses[0]
    assert circular_length(np.vstack([one, one[:, ::-1]])) == pytest.approx(circular_length(one))


def test_stronger_dependence_is_a_longer_length() -> None:
    lengths = [dependence_length(simulated(1, 1, 50, 1000, phi).losses[0]) for phi in (0, 0.5, 0.9)]
    assert 1 <= lengths[0] < lengths[1] < lengths[2] < 100


def test_dependence_that_all_candidates_share_counts() -> None:
    own = simulated(2, 1, 20, 1000, 0.0, common=0.0).losses[0]
    shared = simulated(3, 1, 1, 1000, 0.95, common=0.0).losses[0]
    assert dependence_length(own + 3 * shared) > 3 * dependence_length(own)


def test_the_length_is_at_least_what_the_user_sets() -> None:
    assert dependence_length(simulated(1, 1, 5, 300).losses[0], least=7) == 7


def test_neither_the_order_of_runs_nor_a_unit_changes_the_length() -> None:
    losses = simulated(1, 1, 100, 300, 0.8).losses[0]
    length = dependence_length(losses)
    shuffled = np.random.default_rng(0).permutation(losses)
    assert dependence_length(shuffled) == pytest.approx(length)
    assert dependence_length(1e-9 * losses) == pytest.approx(length)


@pytest.mark.parametrize("losses", [np.ones((3, 100)), np.ones((1, 7)), np.full((5, 40), 0.1)])
def test_losses_that_tell_nothing_have_the_least_length(losses: np.ndarray) -> None:
    assert dependence_length(losses, least=2.5) == 2.5


def test_candidates_that_are_all_the_same_have_the_length_of_one() -> None:
    one = simulated(5, 1, 1, 200, 0.8).losses[0]
    same = np.repeat(one, 7, axis=0).astype(np.float32)
    assert dependence_length(same) == pytest.approx(dependence_length(one), rel=1e-4)


def test_an_alternating_series_has_a_length_and_no_division_by_zero() -> None:
    assert dependence_length(np.tile([0.0, 1.0], 50)) <= np.ceil(3 * np.sqrt(100))


def test_the_error_of_independent_rows_is_the_textbook_one() -> None:
    losses = simulated(1, 1, 1, 50).losses[0, 0]
    textbook = losses.std(ddof=1) / np.sqrt(50)
    assert standard_error(losses, 1.0) == pytest.approx(textbook)


def test_the_error_by_blocks_is_near_the_true_one() -> None:
    phi, rows, block = 0.6, 400, 30
    series = autoregressive(np.random.default_rng(1), (1000, rows), phi)
    errors = np.array([standard_error(losses, block) for losses in series])
    true = np.sqrt((1 + phi) / (1 - phi) / rows)
    assert 0.9 * true < np.sqrt((errors**2).mean()) < true
    others = [score(losses, block) for losses in series]
    assert errors.mean() == pytest.approx(np.mean([s.error for s in others if s]), rel=0.03)


def test_the_error_of_constant_losses_is_zero_and_of_two_rows_defined() -> None:
    assert standard_error(np.full(10, 0.1), 3.0) == pytest.approx(0, abs=1e-15)
    assert standard_error(np.array([0.0, 1.0]), 9.0) == pytest.approx(0.5)


def test_strong_dependence_on_few_rows_is_refused_and_independent_rows_are_not() -> None:
    refused = [length_refused(0.95, 200, seed) for seed in range(100)]
    accepted = [not length_refused(0.0, 100, seed) for seed in range(100)]
    assert np.mean(refused) >= 0.95
    assert np.mean(accepted) >= 0.95


def length_refused(phi: float, rows: int, seed: int) -> bool:
    losses = simulated(seed, 1, 50, rows, phi).losses[0]
    return sample_size(rows, dependence_length(losses)).refusal is not None


@pytest.mark.parametrize(
    ("rows", "length", "wanted", "estimate"),
    [
        (100, 1.0, 0, True),
        (99, 1.0, 100, True),
        (160, 10.0, 0, True),
        (159, 10.0, 160, True),
        (150, 10.01, 161, True),
        (20, 1.0, 100, True),
        (19, 1.0, 100, False),
    ],
)
def test_a_bound_takes_100_rows_and_16_lengths_and_a_figure_20_rows(
    rows: int, length: float, wanted: int, estimate: bool
) -> None:
    found = sample_size(rows, length)
    assert (found.rows_wanted, found.estimate) == (wanted, estimate)
    assert (found.refusal is None) == (wanted == 0)


def test_a_refusal_says_how_many_rows_there_are_and_how_many_would_do() -> None:
    assert "200 rows, about 10 independent stretches of 20" in str(sample_size(200, 20.0).refusal)
    assert "320 would do" in str(sample_size(200, 20.0).refusal)
    assert "(7): 100 would do" in str(sample_size(7, 1.0).refusal)
