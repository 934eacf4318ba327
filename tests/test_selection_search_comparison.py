"""Two searches at equal budget."""

import numpy as np
import pytest

from viewcast.base.errors import DataError
from viewcast.selection.best_of import best_of
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.resampling import Resampled, resample
from viewcast.selection.search_comparison import SearchComparison, compare_searches

ROWS = 120


def study(seed: int, runs: tuple[int, int], better: float = 0.0) -> tuple[Candidates, np.ndarray]:
    """Runs of two searches; the first is ``better`` by so much."""
    rng = np.random.default_rng(seed)
    first = np.arange(sum(runs)) < runs[0]
    level = 5 + 0.1 * rng.normal(size=sum(runs)) - better * first
    losses = level[:, np.newaxis] + rng.normal(size=ROWS) + rng.normal(size=(sum(runs), ROWS))
    return Candidates.of(list(losses[:, np.newaxis])), first


def compared(
    candidates: Candidates, first: np.ndarray, k: int | None = None
) -> tuple[SearchComparison, Resampled]:
    found = resample(candidates, draw(ROWS, 1.0, 40, 1))
    return compare_searches(candidates.shown, found, first, k), found


@pytest.mark.parametrize("k", [1, 3, None])
def test_both_losses_are_points_of_the_curves_of_either_search(k: int | None) -> None:
    candidates, first = study(1, (8, 12))
    comparison, found = compared(candidates, first, k)
    assert comparison.k == (k or 8)
    for own, loss in ((first, comparison.first), (~first, comparison.second)):
        part = Resampled(
            found.inside[:, own],
            found.outside[:, own],
            found.fixed[:, own],
            found.held,
            found.picked[:, own],
            found.rows,
        )
        curve = best_of(candidates.shown[own], part, [comparison.k])
        assert loss == pytest.approx(curve["honest"].iloc[0], abs=1e-6)


def test_searches_that_are_alike_are_told_apart_in_about_one_study_of_twenty() -> None:
    values = [compared(*study(seed, (6, 9)))[0].p_value for seed in range(50)]
    assert np.mean(np.array(values) <= 0.05) <= 0.14  # three standard errors above .05
    assert np.mean(values) == pytest.approx(0.5, abs=0.15)


def test_a_search_that_is_clearly_better_is_seen() -> None:
    comparison, _ = compared(*study(3, (8, 8), better=1.0))
    assert comparison.first < comparison.second
    assert comparison.p_value < 0.01
    assert comparison.error > 0


def test_the_order_of_the_two_does_not_matter() -> None:
    candidates, first = study(4, (7, 7), better=0.1)
    one, other = compared(candidates, first)[0], compared(candidates, ~first)[0]
    assert one.first == pytest.approx(other.second)
    assert one.p_value == pytest.approx(other.p_value, abs=0.05)


def test_a_budget_that_a_search_does_not_have_is_refused() -> None:
    candidates, first = study(5, (3, 9))
    with pytest.raises(DataError, match="expected 1 to 3"):
        compared(candidates, first, 4)
    with pytest.raises(DataError, match="expected 1 to 0"):
        compared(candidates, np.zeros(12, bool))
