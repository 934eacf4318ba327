"""The curve of the best of k runs."""

import itertools
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.simulated_losses import simulated
from viewcast.selection.best_of import best_of, weights
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.resampling import resample
from viewcast.selection.selection_corrected import selection_corrected
from viewcast.selection.upper_bound import repeated

DRAWS = draw(60, 1.0, 50, 3)


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_the_weights_are_those_of_all_subsets_counted_one_by_one(count: int) -> None:
    for k in range(1, count + 1):
        firsts = [min(subset) for subset in itertools.combinations(range(count), k)]
        counted = np.bincount(firsts, minlength=count) / comb(count, k)
        np.testing.assert_allclose(weights(count, k), counted, atol=1e-14)


@given(count=st.integers(1, 3000), share=st.floats(0, 1))
def test_weights_are_a_distribution_that_falls_with_rank(count: int, share: float) -> None:
    k = max(1, round(share * count))
    found = weights(count, k)
    assert found.shape == (count,)
    assert found.sum() == pytest.approx(1)
    assert found[0] == pytest.approx(k / count)
    assert (np.diff(found) <= 0).all()
    assert (found >= 0).all()
    assert np.count_nonzero(found) <= count - k + 1


def test_weights_of_many_runs_are_the_exact_fractions() -> None:
    for i, k in [(1, 500), (3, 500), (40, 20), (900, 7)]:
        exact = comb(1000 - i, k - 1) / comb(1000, k)
        assert weights(1000, k)[i - 1] == pytest.approx(exact, rel=1e-10)


def test_the_ends_of_the_curve_are_the_mean_run_and_the_winner() -> None:
    candidates = Candidates.of(list(simulated(1, 1, 30, 60).losses[0][:, np.newaxis]))
    found = resample(candidates, DRAWS)
    curve = best_of(candidates.shown, found)
    assert curve["k"].tolist() == list(range(1, 31))
    first, last = curve.iloc[0], curve.iloc[-1]
    winner = selection_corrected(candidates, found)
    assert first["shown"] == pytest.approx(candidates.shown.mean())
    assert first["honest"] == pytest.approx(candidates.shown.mean())  # nothing was chosen
    assert last["shown"] == pytest.approx(candidates.shown.min())
    assert last["honest"] == pytest.approx(winner.expected[0])
    assert curve[["honest_low", "honest_high"]].isna().all(axis=None)  # no error was given
    assert (curve["shown"].diff().iloc[1:] < 0).all()


def banded(losses: np.ndarray, seed: int) -> tuple[Candidates, pd.DataFrame]:
    candidates = Candidates.of(list(losses[:, np.newaxis]))
    draws = draw(losses.shape[1], 1.0, 200, seed)
    found = resample(candidates, draws)
    expected = float(selection_corrected(candidates, found).expected[0])
    error = next(repeated(candidates, draws, found)).mean_error(expected, 1.0)
    return candidates, best_of(candidates.shown, found, error=error)


def test_the_band_holds_the_true_loss_of_the_best_of_k_for_all_k_at_once() -> None:
    studies = simulated(8, 60, 20, 200, spread=0.2)
    held = []
    for number, (losses, truth) in enumerate(zip(studies.losses, studies.truth, strict=True)):
        candidates, curve = banded(losses, number)
        order = np.argsort(candidates.shown, kind="stable")
        true = np.array([weights(20, k) @ truth[order] for k in curve["k"]])
        held.append(((true >= curve["honest_low"]) & (true <= curve["honest_high"])).all())
    assert np.mean(held) >= 0.88


def test_the_band_of_the_mean_run_is_as_wide_as_its_standard_error_allows() -> None:
    rng = np.random.default_rng(9)
    losses = 5 + rng.normal(size=(1, 400)) + 0.1 * rng.normal(size=(10, 400))
    _, curve = banded(losses, 1)
    error = losses.mean(axis=0).std(ddof=1) / np.sqrt(400)
    half = (curve["honest_high"] - curve["honest_low"]).iloc[0] / 2
    assert half / error == pytest.approx(2.1, abs=0.3)  # 1.96 of one k alone


def test_losses_that_do_not_vary_have_a_band_of_no_width() -> None:
    _, curve = banded(np.repeat([[1.0], [2.0]], 60, axis=1), 1)
    assert curve["honest_low"].tolist() == curve["honest"].tolist() == curve["honest_high"].tolist()


def test_a_point_of_the_curve_is_the_mean_over_all_subsets() -> None:
    losses = simulated(4, 1, 6, 60).losses[0][:, np.newaxis]
    candidates = Candidates.of(list(losses))
    subsets = list(itertools.combinations(range(6), 3))
    shown, honest = [], []
    for subset in subsets:
        part = Candidates.of([losses[i] for i in subset])
        winner = selection_corrected(part, resample(part, DRAWS))
        shown.append(winner.shown[0])
        honest.append(winner.expected[0])
    found = best_of(candidates.shown, resample(candidates, DRAWS), [3]).iloc[0]
    assert found["shown"] == pytest.approx(np.mean(shown))
    # What is taken off for uneven draws is that of the subsets' own winners: the same by weights.
    assert found["honest"] == pytest.approx(np.mean(honest), abs=1e-6)


def test_many_runs_are_thinned_to_at_most_60_points_with_both_ends() -> None:
    candidates = Candidates.of(list(simulated(1, 1, 700, 60).losses[0][:, np.newaxis]))
    points = best_of(candidates.shown, resample(candidates, DRAWS))["k"].tolist()
    assert len(points) <= 60
    assert (points[0], points[-1]) == (1, 700)
    assert points == sorted(set(points))


def test_one_run_is_a_curve_of_one_point() -> None:
    candidates = Candidates.of([np.arange(60.0)[np.newaxis]])
    curve = best_of(candidates.shown, resample(candidates, DRAWS))
    assert curve[["k", "shown", "honest"]].to_numpy().tolist() == [[1, 29.5, 29.5]]
