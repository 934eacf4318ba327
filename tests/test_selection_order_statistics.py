"""Scores without row losses: best of k, and what luck alone would show."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.selection.order_statistics import AllLuck, all_luck, expected_max, shown

scores_of = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8)


@given(scores_of)
def test_best_of_k_is_the_mean_over_every_subset_of_k(scores: list[float]) -> None:
    ks = range(1, len(scores) + 1)
    listed = [np.mean([min(some) for some in itertools.combinations(scores, k)]) for k in ks]
    assert shown(scores, ks) == pytest.approx(listed, rel=1e-9, abs=1e-9)


def test_best_of_one_is_the_mean_and_best_of_all_the_minimum() -> None:
    scores = np.random.default_rng(0).normal(size=1000)
    found = shown(scores, [1, 1000])
    assert found == pytest.approx([scores.mean(), scores.min()])


# Harter (1961), Biometrika 48:151, table 1; 1,000 by a sum over a grid of a million points.
@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, 0.0),
        (2, 1 / math.sqrt(math.pi)),
        (3, 1.5 / math.sqrt(math.pi)),
        (5, 1.16296),
        (10, 1.53875),
        (100, 2.50759),
        (1000, 3.24144),
    ],
)
def test_the_largest_of_standard_normal_numbers_is_the_tabled_one(
    count: int, expected: float
) -> None:
    assert expected_max(count) == pytest.approx(expected, abs=1e-5)


def test_the_largest_of_a_million_is_what_extreme_value_theory_says() -> None:
    assert expected_max(10**6) == pytest.approx(4.863, abs=0.005)


def test_scores_that_are_all_luck_show_the_best_that_luck_predicts() -> None:
    rng = np.random.default_rng(1)
    studies = [all_luck(rng.normal(5, 2, 50)) for _ in range(400)]
    gaps = np.array([study.shown - study.gaussian for study in studies])
    assert abs(gaps.mean()) < 4 * gaps.std() / 20
    assert np.mean([study.level for study in studies]) == pytest.approx(5, abs=0.06)


def test_one_run_has_no_luck() -> None:
    assert all_luck([0.4]) == AllLuck(0.4, 0.4, 0.0, 0.4)


def test_runs_with_one_and_the_same_score_have_no_luck() -> None:
    assert all_luck([2.0, 2.0, 2.0]) == AllLuck(2.0, 2.0, 0.0, 2.0)


@pytest.mark.parametrize("scores", [[], [1.0, math.nan], [math.inf], [[1.0, 2.0]]])
def test_scores_that_are_none_are_refused(scores: list[float]) -> None:
    with pytest.raises(DataError, match="expected one finite number for each"):
        all_luck(scores)
    with pytest.raises(DataError, match="expected one finite number for each"):
        shown(scores, [1])


@pytest.mark.parametrize("k", [0, 4, -1])
def test_more_runs_than_there_are_cannot_be_drawn(k: int) -> None:
    with pytest.raises(DataError, match=rf"best of k = \[{k}\]: expected 1 to 3"):
        shown([1.0, 2.0, 3.0], [2, k])
