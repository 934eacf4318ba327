"""The fair score of the winner: its formula, and what must not change it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.simulated_losses import simulated
from viewcast.selection import resampling as module
from viewcast.selection.blocks import Draws, draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.resampling import Resampled, means, resample
from viewcast.selection.selection_corrected import SelectionCorrected, selection_corrected

DRAWS = draw(120, 3.0, 60, 7)


def study(seed: int = 1, runs: int = 12, rows: int = 120, states: int = 1) -> list[np.ndarray]:
    losses = simulated(seed, 1, runs * states, rows, 0.5, spread=0.2).losses[0]
    return list(losses.reshape(runs, states, rows).astype(np.float32))


def priced(losses: list[np.ndarray], draws: Draws = DRAWS) -> SelectionCorrected:
    candidates = Candidates.of(losses)
    return selection_corrected(candidates, resample(candidates, draws))


def by_loop(losses: list[np.ndarray], draws: Draws, sizes: np.ndarray) -> Resampled:
    """What ``resample`` computes, as its description reads."""
    shape = len(draws.held), len(losses)
    inside, outside, fixed = np.empty(shape), np.empty(shape), np.empty(shape)
    picked = np.empty(shape, int)
    first = np.cumsum([0, *map(len, losses)])
    held_rows = []
    for b, (held, chosen) in enumerate(zip(draws.held, draws.chosen, strict=True)):
        held_rows.append(sizes[held].sum())
        for r, own in enumerate(losses):
            on_chosen = np.average(own[:, chosen], axis=1, weights=sizes[chosen])
            on_held = np.average(own[:, held], axis=1, weights=sizes[held])
            inside[b, r] = on_chosen.min()
            outside[b, r] = on_held[on_chosen.argmin()]
            fixed[b, r] = on_held[np.average(own, axis=1, weights=sizes).argmin()]
            picked[b, r] = first[r] + on_chosen.argmin()
    return Resampled(inside, outside, fixed, np.array(held_rows), picked, int(sizes.sum()))


@pytest.mark.parametrize("states", [1, 4])
@pytest.mark.parametrize("largest", [1 << 24, 5 * 120, 1])
@pytest.mark.parametrize("length", [1.0, 3.0, 12.0])  # no gap; gaps; many columns in common
def test_the_matrix_products_do_what_a_loop_over_draws_and_runs_does(
    states: int, largest: int, length: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", largest)
    monkeypatch.setattr(module, "AT_ONCE", 17)
    losses = [own[: 1 + i % states] for i, own in enumerate(study(states=states))]
    draws = draw(120, length, 60, 7)
    for sizes in (np.ones(120), np.linspace(1, 5, 120)):  # of rows, and of cells
        found = resample(Candidates.of(losses, sizes), draws)
        expected = by_loop(losses, draws, sizes)
        for name in ("inside", "outside", "fixed", "held", "picked"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=2e-6)


def test_the_figures_are_those_of_the_formula() -> None:
    losses = study()
    found = priced(losses)
    draws = by_loop(losses, DRAWS, np.ones(120))
    means = np.array([own[0].astype(float).mean() for own in losses])
    for rank in (0, 1, 11):
        run = means.argsort()[rank]
        chosen = draws.inside.argsort(axis=1)[:, rank]
        lost = draws.outside[np.arange(60), chosen]
        excess = np.average(lost - draws.fixed[:, run], weights=draws.held)
        assert found.order[rank] == run
        assert found.shown[rank] == pytest.approx(means[run])
        assert found.optimism[rank] == pytest.approx(excess, abs=1e-6)
        assert found.expected[rank] == pytest.approx(means[run] + excess)


def test_what_is_taken_off_for_uneven_draws_is_nothing_on_average() -> None:
    losses = study()
    draws = draw(120, 3.0, 20_000, 1)
    candidates = Candidates.of(losses)
    found = resample(candidates, draws)
    plain = np.average(found.fixed, axis=0, weights=found.held)
    np.testing.assert_allclose(plain, candidates.shown, rtol=0.02)


def test_the_held_mean_of_a_series_is_that_of_its_rows() -> None:
    series = np.arange(120.0)
    found = means(series, DRAWS.held, np.full(120, 3.0))
    np.testing.assert_allclose(found, [series[held].mean() for held in DRAWS.held])


def test_one_run_alone_has_no_optimism_at_all() -> None:
    found = priced(study(runs=1))
    assert found.optimism.tolist() == [0.0]
    assert found.expected[0] == found.shown[0]


def test_constant_losses_are_worth_what_they_show() -> None:
    found = priced([np.full((1, 120), value, np.float32) for value in (0.3, 0.1, 0.2)])
    assert found.order.tolist() == [1, 2, 0]
    np.testing.assert_allclose(found.shown, [0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(found.expected, found.shown, rtol=1e-6)


def test_runs_that_are_all_the_same_are_worth_what_they_show() -> None:
    found = priced(study(runs=1) * 5)
    np.testing.assert_allclose(found.optimism, 0, atol=1e-6)
    assert found.order.tolist() == [0, 1, 2, 3, 4]


@given(seed=st.integers(0, 2**32), states=st.sampled_from([1, 3]))
def test_permuting_runs_permutes_the_answer(seed: int, states: int) -> None:
    losses = study(states=states)
    order = np.random.default_rng(seed).permutation(12)
    one, other = priced(losses), priced([losses[i] for i in order])
    assert order[other.order].tolist() == one.order.tolist()
    for name in ("shown", "expected", "optimism"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6)


@given(run=st.integers(0, 11))
def test_a_run_made_twice_changes_nothing_for_the_winner(run: int) -> None:
    losses = study()
    one, other = priced(losses), priced([*losses, losses[run]])
    assert other.expected[0] == pytest.approx(one.expected[0], abs=1e-6)


@given(scale=st.floats(1e-6, 1e6))
def test_a_change_of_unit_changes_the_unit(scale: float) -> None:
    losses = study()
    one, other = priced(losses), priced([own * np.float32(scale) for own in losses])
    assert one.order.tolist() == other.order.tolist()
    for name in ("shown", "expected"):
        scaled = getattr(one, name) * np.float32(scale)
        np.testing.assert_allclose(getattr(other, name), scaled, rtol=1e-5)


def test_what_is_common_to_all_runs_does_not_touch_the_choice_nor_its_digits() -> None:
    losses = study()
    hard = 1000 * simulated(9, 1, 1, 120).losses[0].astype(np.float32)
    one, other = priced(losses), priced([own + hard for own in losses])
    assert one.order.tolist() == other.order.tolist()
    np.testing.assert_allclose(one.optimism, other.optimism, atol=1e-4)


def test_the_same_seed_gives_the_same_figures_bit_for_bit() -> None:
    one, other = priced(study(states=3)), priced(study(states=3), draw(120, 3.0, 60, 7))
    for name in ("order", "shown", "expected", "optimism"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_more_states_of_a_run_are_never_better_inside() -> None:
    losses = study(states=4)
    few = resample(Candidates.of([own[:2] for own in losses]), DRAWS)
    many = resample(Candidates.of(losses), DRAWS)
    assert (many.inside <= few.inside + 1e-6).all()


def test_a_draw_with_more_held_rows_weighs_more() -> None:
    losses = [np.array([[0.0] * 8 + [9.0] * 8]), np.array([[9.0] * 8 + [0.0] * 8])]
    held = np.zeros((2, 16), bool)
    held[0, :6], held[1, 15] = True, True  # the second run is chosen, then the first
    candidates = Candidates.of(losses)
    draws = Draws(held, ~held)
    found = resample(candidates, draws)
    assert found.outside.argmax(axis=1).tolist() == [1, 0]
    assert selection_corrected(candidates, found).optimism[0] == pytest.approx((6 * 9 + 1 * 0) / 7)
    alike = replace(found, held=np.ones(2))
    assert selection_corrected(candidates, alike).optimism[0] == pytest.approx(9 / 2)
