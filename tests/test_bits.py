"""What a validation set can answer, in bits: worked examples and the relations between them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.selection.information import bits, budget_bits, hoeffding, log_class, rows_asked

waves_of = st.lists(st.integers(0, 2000), max_size=40)
tolerances = st.floats(0.005, 0.5)
confidences = st.floats(0.5, 0.999)


def test_a_year_of_days_at_a_tenth_answers_one_sweep_of_36_or_five_decisions() -> None:
    budget = budget_bits(365, 0.1)
    assert budget == pytest.approx(5.2, abs=0.05)
    assert bits(log_class([36])) <= budget < bits(log_class([37]))
    assert bits(log_class([1] * 5)) <= budget < bits(log_class([1] * 6))


def test_two_thousand_rows_at_a_tenth_answer_52_bits() -> None:
    assert budget_bits(2000, 0.1) == pytest.approx(52.4, abs=0.05)


def test_rows_that_cannot_judge_one_given_model_have_no_budget() -> None:
    assert budget_bits(100, 0.1) == 0
    assert hoeffding(0.0, 100) > 0.1


def test_a_hill_climb_pays_one_bit_for_each_step_and_a_sweep_pays_once() -> None:
    assert bits(log_class([1] * 100)) == pytest.approx(100)
    assert bits(log_class([100])) == pytest.approx(math.log2(101))


def test_no_look_is_no_bit() -> None:
    assert log_class([]) == 0
    assert log_class([0, 0]) == 0


@given(waves_of)
def test_the_class_counts_every_model_that_rounds_of_winners_can_end_in(rounds: list[int]) -> None:
    models = math.prod(1 + scores for scores in rounds)
    assert log_class(rounds) == pytest.approx(math.log(models))


@given(waves_of, waves_of)
def test_bits_of_rounds_add_up(before: list[int], after: list[int]) -> None:
    together = log_class(before + after)
    assert together == pytest.approx(log_class(before) + log_class(after))


@given(waves_of, tolerances, confidences)
def test_the_rows_asked_are_the_fewest_that_keep_the_tolerance(
    rounds: list[int], tolerance: float, confidence: float
) -> None:
    asked = rows_asked(log_class(rounds), tolerance, confidence)
    assert hoeffding(log_class(rounds), asked, confidence) <= tolerance
    if asked > 1:
        slack = 1 + 1e-9  # division and root round at the boundary
        assert hoeffding(log_class(rounds), asked - 1, confidence) * slack > tolerance


@given(st.integers(1, 100_000), tolerances, confidences)
def test_a_class_that_spends_the_budget_is_as_wide_as_the_tolerance(
    rows: int, tolerance: float, confidence: float
) -> None:
    budget = budget_bits(rows, tolerance, confidence)
    width = hoeffding(budget * math.log(2), rows, confidence)
    if budget > 0:
        assert width == pytest.approx(tolerance)
    else:
        assert width >= tolerance * (1 - 1e-9)


def test_the_half_width_is_the_inequality_solved_for_epsilon() -> None:
    classes, rows, wrong = 50, 400, 0.05
    epsilon = hoeffding(math.log(classes), rows, 1 - wrong)
    assert 2 * classes * math.exp(-2 * rows * epsilon**2) == pytest.approx(wrong)
