"""What a validation set can answer, in bits: worked examples and the relations between them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.selection.information import bits_budget, bits_spent

rounds_of = st.lists(st.integers(0, 2000), max_size=40)
tolerances = st.floats(0.005, 0.5)
confidences = st.floats(0.5, 0.999)


def test_a_year_of_days_at_a_tenth_answers_one_sweep_of_36_or_five_decisions() -> None:
    budget = bits_budget(365, 0.1)
    assert budget == pytest.approx(5.2, abs=0.05)
    assert bits_spent([36]) <= budget < bits_spent([37])
    assert bits_spent([1] * 5) <= budget < bits_spent([1] * 6)


def test_two_thousand_rows_at_a_tenth_answer_52_bits() -> None:
    assert bits_budget(2000, 0.1) == pytest.approx(52.4, abs=0.05)


def test_rows_that_cannot_judge_one_given_model_have_no_budget() -> None:
    assert bits_budget(100, 0.1) == 0


def test_a_hill_climb_pays_one_bit_for_each_step_and_a_sweep_pays_once() -> None:
    assert bits_spent([1] * 100) == pytest.approx(100)
    assert bits_spent([100]) == pytest.approx(math.log2(101))


def test_no_look_is_no_bit() -> None:
    assert bits_spent([]) == 0
    assert bits_spent([0, 0]) == 0


@given(rounds_of)
def test_the_class_counts_every_model_that_rounds_of_winners_can_end_in(rounds: list[int]) -> None:
    models = math.prod(1 + scores for scores in rounds)
    assert bits_spent(rounds) == pytest.approx(math.log2(models))


@given(rounds_of, rounds_of)
def test_bits_of_rounds_add_up(before: list[int], after: list[int]) -> None:
    together = bits_spent(before + after)
    assert together == pytest.approx(bits_spent(before) + bits_spent(after))


@given(st.integers(1, 100_000), tolerances, confidences)
def test_the_budget_is_the_largest_class_that_keeps_the_tolerance(
    rows: int, tolerance: float, confidence: float
) -> None:
    budget = bits_budget(rows, tolerance, confidence)
    # Hoeffding with a union over 2^bits models: P(some error > ε) <= 2^(bits + 1) e^(-2Nε²).
    exponent = (budget + 1) * math.log(2) - 2 * rows * tolerance**2
    if budget > 0:
        assert exponent == pytest.approx(math.log(1 - confidence), rel=1e-6, abs=1e-9)
    else:
        assert exponent >= math.log(1 - confidence) - 1e-9
