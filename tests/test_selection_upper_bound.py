"""The 95 % bound: its formula, what scales and shifts it, and where it is refused."""

import math

import numpy as np
import pytest
from scipy.stats import beta
from scipy.stats import t as student

from support.simulated_losses import simulated
from viewcast.selection import upper_bound as module
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.dependence import standard_error
from viewcast.selection.resampling import resample
from viewcast.selection.selection_corrected import ranked, selection_corrected
from viewcast.selection.upper_bound import RANKS, UpperBounds, repeated, upper_bounds

Losses = np.ndarray


def study(seed: int = 1, runs: int = 12, rows: int = 120) -> Losses:
    return simulated(seed, 1, runs, rows, 0.5, spread=0.2).losses[0].astype(np.float32)


def bounds(losses: Losses, length: float = 3.0) -> UpperBounds:
    candidates = Candidates.of(list(losses[:, np.newaxis]))
    draws = draw(losses.shape[1], length, 60, 7)
    resampled = resample(candidates, draws)
    expected = selection_corrected(candidates, resampled).expected
    return upper_bounds(candidates, draws, resampled, expected, length)


@pytest.mark.parametrize(("length", "block"), [(1.0, 1), (2.5, 6)])
@pytest.mark.parametrize("rank", [0, 3])
def test_the_bound_is_that_of_the_written_formula(length: float, block: int, rank: int) -> None:
    losses = study().astype(float)
    rows = losses.shape[1]
    run = losses.mean(axis=1).argsort()[rank]
    draws = draw(rows, length, 60, 7)
    held, total, apart = np.zeros(rows), np.zeros(rows), []
    picked = [losses[:, chosen].mean(axis=1).argsort()[rank] for chosen in draws.chosen]
    for flags, k in zip(draws.held, picked, strict=True):
        held += flags
        total += flags * losses[k]
    psi = np.where(held > 0, total / np.maximum(held, 1), losses[run])
    fixed = [losses[run, flags].mean() for flags in draws.held]
    outside = [losses[k, flags].mean() for k, flags in zip(picked, draws.held, strict=True)]
    lost = np.average(np.subtract(outside, fixed), weights=draws.held.sum(axis=1))
    e = max(psi.mean(), losses[run].mean() + lost)
    for flags, k in zip(draws.held, picked, strict=True):
        apart.extend(losses[k, flags] - e)
    apart = np.array(apart)
    own = losses[run]
    inflation = max(1.0, standard_error(own, block) / (own.std(ddof=1) / math.sqrt(rows)))
    v = (apart**2).mean()
    s = max(standard_error(own, block), standard_error(psi, block), math.sqrt(v / rows) * inflation)

    def skew(series: Losses) -> float:
        size = math.ceil(length)
        cells = series[: rows // size * size].reshape(-1, size).mean(axis=1)
        return float(((cells - cells.mean()) ** 3).mean() / cells.std() ** 3 / len(cells) ** 0.5)

    g = max(inflation * (apart**3).mean() / v**1.5 / math.sqrt(rows), skew(own), skew(psi))
    g = min(max(g, 0.0), 0.5)
    t = student.ppf(0.95, rows - 1 if block == 1 else max(rows / block - 1, 4))
    wanted = e + s * (t + g * (2 * t**2 + 1) / 6)
    assert bounds(losses.astype(np.float32), length).values[rank] == pytest.approx(wanted, rel=1e-5)


def test_one_run_alone_gets_the_bound_of_its_own_mean() -> None:
    losses = np.random.default_rng(3).normal(5, 1, (1, 400)).astype(np.float32)
    found = bounds(losses, 1.0).values[0]
    error = losses.std(ddof=1) / 20
    assert found == pytest.approx(losses.mean() + 1.649 * error, abs=0.1 * error)


def test_the_unit_scales_the_bound_and_a_level_shifts_it() -> None:
    losses = study()
    one = bounds(losses).values[:5]
    np.testing.assert_allclose(bounds(losses * np.float32(1e3)).values[:5], 1e3 * one, rtol=1e-4)
    np.testing.assert_allclose(bounds(losses + np.float32(50)).values[:5], 50 + one, atol=1e-3)


def test_the_same_draws_give_the_same_bits() -> None:
    assert bounds(study()).values.tobytes() == bounds(study()).values.tobytes()


def test_where_rows_are_many_only_the_first_ranks_are_given_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert np.isfinite(bounds(study(runs=RANKS + 5)).values).all()
    monkeypatch.setattr(module, "HELD", 1000)
    found = bounds(study(runs=RANKS + 5))
    assert found.refusal is None
    assert np.isfinite(found.values).tolist() == [True] * RANKS + [False] * 5


def test_a_winner_whose_losses_do_not_vary_has_no_bound_and_the_reason_is_told() -> None:
    found = bounds(np.stack([np.full(120, 0.3), study()[0] + 1]).astype(np.float32))
    assert math.isnan(found.values[0])
    assert "the winner's row losses do not vary" in str(found.refusal)


def test_a_bound_that_would_rest_on_four_rows_is_refused() -> None:
    losses = np.zeros((2, 120), np.float32)
    losses[0, :4] = [0.2, 0.7, 0.1, 0.4]
    losses[1] = 1
    found = bounds(losses)
    assert math.isnan(found.values[0])
    assert "rest on 4 rows" in str(found.refusal)


@pytest.mark.parametrize("errors", [0, 1, 4])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 0.0)])  # error rate, accuracy turned
def test_few_errors_are_bounded_by_clopper_and_pearson_for_all_runs_at_once(
    errors: int, low: float, high: float
) -> None:
    losses = np.full((5, 200), low, np.float32)
    losses[0, :errors] = high
    losses[1:, ::4] = high
    found = bounds(losses, 1.0)
    assert found.refusal is None
    share = beta.ppf(1 - 0.05 / 5, errors + 1, 200 - errors)
    assert found.values[0] == pytest.approx(low + share, rel=1e-6)


def test_dependent_rows_count_as_fewer_errors_of_fewer_rows() -> None:
    losses = np.zeros((2, 200), np.float32)
    losses[0, :4] = 1
    losses[1, ::3] = 1
    assert bounds(losses, 4.0).values[0] == pytest.approx(beta.ppf(0.975, 2, 49), rel=1e-6)


def test_five_errors_are_enough_for_the_bound_of_a_mean() -> None:
    losses = np.zeros((1, 200), np.float32)
    losses[0, :200:40] = 1
    found = bounds(losses, 1.0)
    assert found.refusal is None
    assert 0.025 < found.values[0] < beta.ppf(0.95, 6, 195) * 1.1


def test_the_bound_is_narrower_than_the_quantile_of_held_out_means() -> None:
    shares, rng = [], np.random.default_rng(2)
    for seed in range(20):
        losses = rng.normal(size=(20, 150)).astype(np.float32)
        candidates = Candidates.of(list(losses[:, np.newaxis]))
        draws = draw(150, 1.0, 200, seed)
        resampled = resample(candidates, draws)
        quantile = np.quantile(ranked(resampled)[:, 0], 0.95)
        expected = selection_corrected(candidates, resampled).expected
        found = upper_bounds(candidates, draws, resampled, expected, 1.0, ranks=1).values[0]
        shares.append((found - expected[0]) / (quantile - expected[0]))
    assert np.mean(shares) < 0.7


def test_the_state_that_was_best_on_the_choosing_rows_is_the_one_that_is_held_out() -> None:
    losses = simulated(2, 1, 12, 60, spread=0.1).losses[0].astype(np.float32).reshape(4, 3, 60)
    candidates, draws = Candidates.of(list(losses)), draw(60, 1.0, 50, 3)
    found = next(repeated(candidates, draws, resample(candidates, draws)))
    wanted = []
    for held, chosen in zip(draws.held, draws.chosen, strict=True):
        on_chosen = losses[:, :, chosen].mean(axis=2)
        run, state = np.unravel_index(on_chosen.argmin(), on_chosen.shape)
        wanted.extend(losses[run, state, held])
    np.testing.assert_allclose(found.losses, wanted, rtol=1e-6)
    np.testing.assert_allclose(found.own.mean(), losses.mean(axis=2).min(), rtol=1e-6)
