"""The simultaneous half-width and the effective number of candidates."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from support.simulated_losses import autoregressive
from viewcast.selection import simultaneous as module
from viewcast.selection.dependence import standard_error
from viewcast.selection.simultaneous import simultaneous

Losses = NDArray[np.float64]


def by_loops(losses: Losses, block: int, draws: int, seed: int) -> tuple[float, float]:
    """Critical value and half-width, one resample and one candidate after the other."""
    rows = losses.shape[1]
    blocks = max(2, round(rows / block))
    starts = np.random.default_rng([seed, 0]).integers(0, rows, (draws, blocks))
    largest = []
    for drawn in starts:
        t = []
        for own in losses:
            means = [own[(start + np.arange(block)) % rows].mean() for start in drawn]
            error = np.std(means, ddof=1) / math.sqrt(blocks)
            t.append((own.mean() - np.mean(means)) / error)
        largest.append(max(t))
    critical = float(np.quantile(largest, 0.95))
    return critical, critical * standard_error(losses[losses.mean(axis=1).argmin()], block)


@pytest.mark.parametrize(("length", "block"), [(1, 1), (1.5, 3), (4.2, 9)])
def test_the_matrix_products_are_the_loops_of_the_definition(length: float, block: int) -> None:
    losses = np.random.default_rng(0).gamma(2.0, size=(5, 60))
    found = simultaneous(losses, length, 60, 7)
    critical, half_width = by_loops(losses, block, 60, 7)
    assert found.critical == pytest.approx(critical, rel=1e-4)
    assert found.half_width == pytest.approx(half_width, rel=1e-4)


def test_small_blocks_of_draws_and_candidates_give_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses = np.random.default_rng(1).gamma(2.0, size=(30, 80)).astype(np.float32)
    whole = simultaneous(losses, 2, 50, 3)
    monkeypatch.setattr(module, "AT_ONCE", 7 * 80 + 11)
    found = simultaneous(losses, 2, 50, 3)
    assert found.critical == pytest.approx(whole.critical, rel=1e-4)
    assert found.effective == pytest.approx(whole.effective, rel=1e-3)


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("candidates", [1, 30, 300])
def test_copies_of_one_candidate_count_as_one(candidates: int, heavy: bool) -> None:
    own = np.random.default_rng(2).standard_t(5, (1, 400)) ** (2 if heavy else 1)
    found = simultaneous(np.repeat(own, candidates, axis=0), 1, 2000, 1)
    assert found.effective == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("candidates", [30, 300])
def test_independent_candidates_count_in_full_also_with_heavy_tails(
    candidates: int, heavy: bool
) -> None:
    losses = np.random.default_rng(3).standard_t(5, (candidates, 1000)) ** (2 if heavy else 1)
    found = simultaneous(losses, 1, 2000, 1)
    assert found.effective == pytest.approx(candidates, rel=0.3)


def test_groups_of_nearly_equal_candidates_count_about_once_each() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(rng.normal(size=(20, 1000)), 15, axis=0)
    losses = groups + 0.02 * rng.normal(size=groups.shape)
    assert simultaneous(losses, 1, 2000, 1).effective == pytest.approx(20, rel=0.35)


def test_the_effective_number_stays_between_one_and_all() -> None:
    rng = np.random.default_rng(5)
    for seed in range(20):
        assert 1 <= simultaneous(rng.normal(size=(3, 40)), 1, 100, seed).effective <= 3


@pytest.mark.parametrize(("phi", "length"), [(0, 1), (0.5, 10)])
def test_the_true_loss_of_the_winner_is_within_the_half_width_in_95_percent(
    phi: float, length: int
) -> None:
    rng = np.random.default_rng(6)
    covered = []
    for seed in range(200):
        losses = autoregressive(rng, (10, 240), phi)  # true means are 0
        found = simultaneous(losses, length, 150, seed)
        covered.append(losses.mean(axis=1).min() + found.half_width >= 0)
    assert np.mean(covered) >= 0.91


def test_rows_taken_one_by_one_would_promise_too_much_where_rows_repeat() -> None:
    losses = np.repeat(np.random.default_rng(7).normal(size=(20, 60)), 6, axis=1)
    apart, blocks = (simultaneous(losses, length, 500, 1) for length in (1, 6))
    assert apart.half_width < 0.6 * blocks.half_width


def test_the_unit_of_the_loss_scales_the_half_width_and_nothing_else() -> None:
    losses = np.random.default_rng(8).gamma(2.0, size=(10, 200))
    small, large = simultaneous(losses, 1, 300, 1), simultaneous(1e12 * losses, 1, 300, 1)
    assert large.half_width == pytest.approx(1e12 * small.half_width, rel=1e-4)
    assert large.critical == pytest.approx(small.critical, rel=1e-4)
    assert large.effective == pytest.approx(small.effective, rel=1e-4)


def test_a_level_that_all_rows_share_changes_nothing() -> None:
    losses = np.random.default_rng(9).normal(size=(10, 200))
    low, high = simultaneous(losses, 1, 300, 1), simultaneous(losses + 100, 1, 300, 1)
    assert high.critical == pytest.approx(low.critical, rel=1e-4)
    assert high.half_width == pytest.approx(low.half_width, rel=1e-4)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e9])
def test_losses_that_do_not_vary_are_known_exactly(level: float) -> None:
    found = simultaneous(np.full((3, 50), level, np.float32), 1, 100, 1)
    assert found.half_width == pytest.approx(0, abs=1e-9 * level)
    assert found.effective == 1


def test_a_constant_candidate_among_others_takes_no_part_in_their_luck() -> None:
    losses = np.random.default_rng(10).normal(5, 1, size=(8, 200))
    with_constant = np.vstack([losses, np.full((1, 200), 9.0)])
    alone, found = simultaneous(losses, 1, 400, 1), simultaneous(with_constant, 1, 400, 1)
    assert found.critical == pytest.approx(alone.critical, rel=1e-4)


def test_sparse_losses_end_in_a_number() -> None:
    losses = np.zeros((4, 100))
    losses[[0, 1, 2, 3], [5, 20, 40, 60]] = 1
    found = simultaneous(losses, 1, 200, 1)
    assert np.isfinite([found.half_width, found.critical, found.effective]).all()


def test_a_dependence_longer_than_the_rows_ends_in_a_number() -> None:
    found = simultaneous(np.random.default_rng(11).normal(size=(4, 20)), 500, 100, 1)
    assert found.half_width > 0
