"""What scores alone tell of a winner: error rates of known rows, folds, seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, t, ttest_1samp

from viewcast.base.errors import DataError
from viewcast.selection.error_rates import error_rates, rate_bound
from viewcast.selection.folds import of_folds
from viewcast.selection.seeds import of_seeds

STUDIES = 400


def test_the_bound_of_one_rate_is_that_of_clopper_and_pearson() -> None:
    exact = binomtest(17, 200, alternative="less").proportion_ci(0.95, "exact").high
    assert rate_bound(17 / 200, 200) == pytest.approx(exact)


def test_a_rate_of_every_row_is_bounded_by_one_and_of_none_by_the_rule_of_three() -> None:
    assert rate_bound(1.0, 50) == 1.0
    assert rate_bound(0.0, 300) == pytest.approx(3 / 300, rel=0.01)


def test_the_bound_of_the_best_of_many_equal_runs_holds_and_that_of_one_does_not() -> None:
    rng = np.random.default_rng(1)
    rates = rng.binomial(400, 0.1, (STUDIES, 50)) / 400
    covered = [error_rates(own, 400).upper95 >= 0.1 for own in rates]
    alone = [rate_bound(own.min(), 400) >= 0.1 for own in rates]
    assert np.mean(covered) >= 0.93
    assert np.mean(alone) < 0.5


def test_equal_runs_are_expected_between_what_is_shown_and_their_mean() -> None:
    rng = np.random.default_rng(2)
    ranges = [error_rates(rng.binomial(400, 0.1, 50) / 400, 400) for _ in range(STUDIES)]
    assert np.mean([found.high for found in ranges]) == pytest.approx(0.1, abs=0.003)
    assert np.mean([found.low for found in ranges]) < 0.075


def test_runs_that_truly_differ_leave_hardly_a_range() -> None:
    found = error_rates(np.linspace(0.05, 0.45, 30), 5000)
    assert found.high - found.low < 0.001
    assert found.tied.sum() < 4


@given(errors=st.lists(st.integers(0, 60), min_size=1, max_size=20))
def test_a_range_is_ordered_and_the_best_is_tied_with_itself(errors: list[int]) -> None:
    found = error_rates(np.array(errors) / 60, 60)
    assert min(errors) / 60 == found.low <= found.high + 1e-12
    assert found.high <= np.mean(errors) / 60 + 1e-12
    assert found.low <= found.upper95 <= 1
    assert found.tied[int(np.argmin(errors))]


def test_runs_that_cannot_be_told_apart_are_those_within_the_noise_of_the_best() -> None:
    found = error_rates([0.10, 0.12, 0.30], 200)
    assert found.tied.tolist() == [True, True, False]
    rng = np.random.default_rng(3)
    rates = rng.binomial(300, 0.2, (2 * STUDIES, 10)) / 300
    kept = [error_rates(own, 300).tied[0] for own in rates]  # a run that is as good as any
    assert np.mean(kept) >= 0.94


@pytest.mark.parametrize(("rates", "rows"), [([], 10), ([1.2], 10), ([0.1], 0), ([np.nan], 5)])
def test_what_is_no_error_rate_is_refused(rates: list[float], rows: int) -> None:
    with pytest.raises(DataError, match="error rates"):
        error_rates(rates, rows)


def test_the_best_by_folds_is_expected_at_what_those_lose_that_were_picked_without_the_fold() -> (
    None
):
    scores = np.array([[1.0, 5.0, 3.0], [2.0, 2.0, 4.0], [3.0, 3.0, 3.0]])
    found = of_folds(scores)
    # Without fold 0 the means are 4, 3, 3; without fold 1: 2, 3, 3; without fold 2: 3, 2, 3.
    assert found.shown == pytest.approx(8 / 3)
    assert found.expected == pytest.approx((2 + 5 + 4) / 3)
    spread = np.std([2, 5, 4], ddof=1)
    wide = np.sqrt(1 / 3 + 1 / 2)
    assert found.upper95 == pytest.approx(11 / 3 + t.ppf(0.95, 2) * spread * wide)


def folds(seed: int, runs: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores (studies, R, 5) with noise that folds share, and true losses (studies, R)."""
    rng = np.random.default_rng(seed)
    truth = spread * rng.normal(size=(STUDIES, runs))
    shared = rng.normal(size=(STUDIES, 1, 5))
    noise = 0.7 * (shared + rng.normal(size=(STUDIES, runs, 5)))
    return truth[:, :, np.newaxis] + noise, truth


@pytest.mark.parametrize(("runs", "spread"), [(1, 0.0), (30, 0.0), (30, 0.5), (300, 0.1)])
def test_the_bound_by_folds_holds_for_the_run_that_was_chosen(runs: int, spread: float) -> None:
    scores, truth = folds(4, runs, spread)
    chosen = truth[np.arange(STUDIES), scores.mean(axis=2).argmin(axis=1)]
    found = [of_folds(own) for own in scores]
    assert np.mean([it.upper95 for it in found] >= chosen) >= 0.92
    assert abs(np.mean([it.expected for it in found] - chosen)) < 0.15
    if runs > 1 and spread < 0.5:
        assert np.mean([it.shown for it in found] - chosen) < -0.4  # what folds show is too good


def test_the_noise_of_folds_tells_equal_runs_apart_in_few_studies_and_unequal_ones_in_most() -> (
    None
):
    scores, _ = folds(5, 2, 0.0)
    assert np.mean([not of_folds(own).tied.all() for own in scores]) <= 0.1
    scores[:, 1] += 4
    assert np.mean([of_folds(own).tied.sum() == 1 for own in scores]) > 0.8


def test_fold_scores_that_are_too_few_or_not_finite_are_refused() -> None:
    for scores in (np.ones((3, 2)), np.full((2, 5), np.nan), np.ones(5)):
        with pytest.raises(DataError, match="fold scores"):
            of_folds(scores)


def test_seeds_without_noise_of_rows_are_the_usual_t() -> None:
    scores = [0.3, 0.35, 0.31, 0.36]
    found = of_seeds([scores], 10**12, 0.0)
    interval = ttest_1samp(scores, 0).confidence_interval(0.90)
    assert found.upper95 == pytest.approx(interval.high)
    assert found.freedom == pytest.approx(3)


def test_rows_add_their_noise_to_that_of_seeds() -> None:
    found = of_seeds([[0.30, 0.30, 0.30]], 100, 0.21)
    assert found.error == pytest.approx(np.sqrt(0.21 / 100))
    assert found.freedom == pytest.approx(99)


def test_the_bound_of_a_setting_holds_where_that_of_its_seeds_alone_does_not() -> None:
    rng = np.random.default_rng(6)
    rows, level = 300, 0.2
    covered, alone = [], []
    for _ in range(STUDIES):
        luck = rng.normal(scale=np.sqrt(level * (1 - level) / rows))  # of the rows, for all seeds
        seeds = level + luck + rng.normal(scale=0.01, size=5)
        covered.append(of_seeds([seeds], rows, level * (1 - level)).upper95 >= level)
        half = t.ppf(0.95, 4) * seeds.std(ddof=1) / np.sqrt(5)
        alone.append(seeds.mean() + half >= level)
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * binom.std(STUDIES, 0.95) / STUDIES)
    assert np.mean(alone) < 0.8


def test_the_best_of_equal_settings_is_expected_near_their_mean() -> None:
    rng = np.random.default_rng(7)
    found = [of_seeds(0.2 + 0.02 * rng.normal(size=(20, 3)), 10**6, 0.16) for _ in range(STUDIES)]
    assert np.mean([it.high for it in found]) == pytest.approx(0.2, abs=0.004)
    assert np.mean([it.low for it in found]) < 0.185
    assert np.mean([it.tied.all() for it in found]) > 0.6


def test_one_seed_is_refused() -> None:
    with pytest.raises(DataError, match="at least two seeds"):
        of_seeds([[0.1, 0.2], [0.3]], 100, 0.1)
