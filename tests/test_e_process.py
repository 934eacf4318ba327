"""Evidence that holds for life: products by hand, what Ville promises, and who may be the best."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.selection import e_process
from viewcast.selection.e_process import (
    BURN_IN,
    STAKES,
    evidence,
    gains,
    log_capital,
    may_be_best,
    scales,
)

LIVES, WEEKS = 4000, 156


def test_the_evidence_is_the_mean_of_products_by_hand() -> None:
    gain = [0.5, -0.25, 1.0]
    expected = [
        sum(math.prod(1 + stake * d for d in gain[:week]) for stake in STAKES) / len(STAKES)
        for week in (1, 2, 3)
    ]
    assert evidence(gain) == pytest.approx(expected)


def test_without_gains_there_is_no_evidence() -> None:
    assert evidence(np.zeros((2, 3))).tolist() == [[1.0] * 3] * 2


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8), st.floats(-1, 1), st.floats(0, 1))
def test_evidence_is_positive_and_a_larger_gain_is_more(
    gain: list[float], last: float, more: float
) -> None:
    less = evidence([*gain, min(last, last - more * (last + 1))])
    assert (less > 0).all()
    assert evidence([*gain, last])[-1] >= less[-1] - 1e-12


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=6))
def test_a_fair_week_leaves_the_expected_evidence_as_it_was(gain: list[float]) -> None:
    ends = [evidence([*gain, d])[-1] for d in (-0.8, 0.4, 0.4)]
    assert np.mean(ends) == pytest.approx(evidence(gain)[-1])


@pytest.mark.parametrize("kind", ["normal", "two values", "depends on the past", "erratic"])
def test_a_fair_game_ever_reaches_twenty_in_one_life_of_twenty_at_most(kind: str) -> None:
    rng = np.random.default_rng(1)
    if kind == "normal":
        gain = np.clip(0.4 * rng.standard_normal((LIVES, WEEKS)), -1, 1)
    elif kind == "two values":  # seldom −0.9, mostly 0.1
        gain = np.where(rng.random((LIVES, WEEKS)) < 0.1, -0.9, 0.1)
    elif kind == "erratic":  # equal means; clipped at −1 it would be promoted in 19 % of lives
        losses = np.exp(0.6 * rng.standard_normal((LIVES, WEEKS)) - 0.18)
        gain = np.minimum(1 + 0.3 * rng.standard_normal((LIVES, WEEKS)) - losses, 1)
    else:  # twice the stakes after a week that was won
        sign = rng.choice([-1.0, 1.0], (LIVES, WEEKS))
        gain = sign * np.where(np.roll(sign, 1, axis=1) > 0, 1.0, 0.5)
    ever = (evidence(gain) >= 20).any(axis=1).mean()
    assert ever <= (0.1 if kind == "erratic" else 0.05) + 2 * math.sqrt(0.05 * 0.95 / LIVES)


def test_a_better_challenger_is_found() -> None:
    gain = np.clip(0.2 + 0.4 * np.random.default_rng(2).standard_normal((300, WEEKS)), -1, 1)
    assert (evidence(gain) >= 20).any(axis=1).mean() > 0.99


def test_a_scale_is_the_mean_of_earlier_losses_alone() -> None:
    losses = np.arange(1.0, BURN_IN + 4)
    losses[3] = np.nan
    known = np.delete(losses, 3)
    found = scales(losses)
    assert np.isnan(found[: BURN_IN + 1]).all()
    assert found[BURN_IN + 1] == pytest.approx(known[:BURN_IN].mean())
    assert found[BURN_IN + 2] == pytest.approx(known[: BURN_IN + 1].mean())


@given(st.integers(BURN_IN, BURN_IN + 9), st.floats(0, 1e6))
def test_no_gain_of_an_earlier_week_changes_with_a_later_loss(week: int, loss: float) -> None:
    losses = np.random.default_rng(3).gamma(4, 1, (2, BURN_IN + 10))
    before = gains(*losses)
    losses[0, week] = loss
    after = gains(*losses)
    assert after[:week].tolist() == before[:week].tolist()
    assert (after <= 1).all()


def test_gains_are_in_units_of_the_scale_and_at_most_one() -> None:
    champion, challenger = np.full((2, BURN_IN + 4), [[4.0], [2.0]])
    champion[BURN_IN + 1] = 1e9
    challenger[BURN_IN + 2], challenger[BURN_IN + 3] = np.nan, np.inf
    assert gains(champion, challenger)[BURN_IN:].tolist() == [pytest.approx(2 / 3), 1, 0, -np.inf]
    assert not gains(champion, challenger)[:BURN_IN].any()


def test_one_bad_week_costs_each_stake_its_share_and_never_all() -> None:
    cost = np.exp(log_capital([-3.0])[:, 0])
    assert cost == pytest.approx([0.7, 0.25, 0.05, 0.05, 0.05])


def test_a_channel_without_views_gives_no_evidence() -> None:
    assert not gains(np.zeros(BURN_IN + 5), np.zeros(BURN_IN + 5)).any()


def test_a_gain_above_one_is_refused() -> None:
    with pytest.raises(DataError, match="at most 1, found a larger one or NaN"):
        evidence([0.5, 1.5])


def test_each_reign_asks_for_twice_the_evidence() -> None:
    assert [e_process.threshold(0.05, reign) for reign in (0, 1, 2)] == [20, 40, 80]


def test_the_best_of_equals_is_hardly_ever_dropped() -> None:
    rng = np.random.default_rng(4)
    bets = np.arange(BURN_IN + 104) >= BURN_IN
    lives = [may_be_best(rng.gamma(6, 1, (5, len(bets))), bets, 0.05) for _ in range(200)]
    assert np.mean([life[0] for life in lives]) >= 0.95


def test_a_bad_recipe_is_dropped_for_good_and_a_single_one_stays() -> None:
    losses = np.random.default_rng(5).gamma(6, 1, (3, BURN_IN + 120))
    losses[2] *= 1.6
    bets = np.arange(BURN_IN + 120) >= BURN_IN
    assert may_be_best(losses, bets, 0.05).tolist() == [True, True, False]
    losses[2, -10:] = 0  # too late
    assert may_be_best(losses, bets, 0.05).tolist() == [True, True, False]
    assert may_be_best(losses[:1], bets, 0.05).tolist() == [True]
