"""The losses: formula, unit, scaling, grad, and the same in plain numbers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from viewcast.scoring.loss import MAE, MSE, Loss, slope_of
from viewcast.scoring.metrics.row_means import MEANS
from viewcast.scoring.msle import MSLE
from viewcast.scoring.smape import SMAPE
from viewcast.scoring.squared_relative import SquaredRelative

BOTH = [MSE(), MAE()]
ALL = [*BOTH, MSLE(), SMAPE(), SquaredRelative()]
numbers = st.floats(-1e3, 1e3)
sizes = st.floats(0.01, 1e3)  # targets that every loss takes
pairs = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8)


def test_squared_error_of_each_row() -> None:
    rows = MSE().rows(np.array([3.0, 1.0, -2.0]), np.array([1.0, 1.0, 1.0]))
    assert rows.tolist() == [4.0, 0.0, 9.0]


def test_absolute_error_of_each_row() -> None:
    rows = MAE().rows(np.array([3.0, 1.0, -2.0]), np.array([1.0, 1.0, 1.0]))
    assert rows.tolist() == [2.0, 0.0, 3.0]


def test_squared_relative_error_of_each_row() -> None:
    rows = SquaredRelative().rows(np.array([3.0, 1.0, -2.0]), np.array([2.0, 1.0, -1.0]))
    assert rows.tolist() == [0.25, 0.0, 1.0]


def test_the_smooth_percentage_error_of_large_errors_is_the_metric_of_that_name() -> None:
    (metric,) = (metric for metric in MEANS if metric.name == "smape")
    prediction, target = np.array([30.0, -5.0, 7.0, 0.0]), np.array([10.0, 5.0, 0.0, 0.0])
    expected = metric.rows(target, prediction).values
    np.testing.assert_allclose(SMAPE().rows(prediction, target), expected, atol=1e-3)


def test_a_target_of_0_has_no_squared_relative_error() -> None:
    assert SquaredRelative().refusal(np.array([-1.0, 1e-9])) is None
    refusal = SquaredRelative().refusal(np.array([0.0, 1.0, 0.0]))
    assert refusal == "found 2 of 3 targets that are 0, expected other numbers"


@pytest.mark.parametrize(
    ("loss", "unit", "expected"),
    [
        (MSE(), "minutes", "minutes²"),
        (MSE(), "thousand views", "(thousand views)²"),
        (MAE(), "minutes", "minutes"),
        (MAE(), "thousand views", "thousand views"),
    ],
)
def test_the_loss_has_a_unit_of_its_own(loss: Loss, unit: str, expected: str) -> None:
    assert loss.unit(unit) == expected


@pytest.mark.parametrize("loss", BOTH)
@given(pairs=pairs, factor=st.sampled_from([10.0, 1000.0, 0.001, -2.0]))
def test_rescaling_tells_the_loss_of_rescaled_views(
    loss: Loss, pairs: list[tuple[float, float]], factor: float
) -> None:
    prediction, target = np.array(pairs).T
    rescaled = loss.rows(prediction * factor, target * factor)
    expected = loss.rows(prediction, target) * loss.rescale(factor)
    np.testing.assert_allclose(rescaled, expected, rtol=1e-9, atol=1e-9)


def test_ten_times_the_views_is_a_hundred_times_the_squared_error() -> None:
    assert (MSE().rescale(10), MAE().rescale(10)) == (100, 10)


@pytest.mark.parametrize("loss", ALL)
@given(prediction=numbers, target=sizes)
def test_in_plain_numbers_loss_and_derivative_are_those_of_arrays(
    loss: Loss, prediction: float, target: float
) -> None:
    slope = slope_of(loss)
    assert slope is not None
    value, derivative = slope(prediction, target)
    arrays = np.array([prediction]), np.array([target])
    assert value == pytest.approx(loss.rows(*arrays)[0], rel=1e-12, abs=1e-12)
    grad = loss.grad(*arrays, 0.5)[0]
    assert derivative / 2 == pytest.approx(grad, rel=1e-12, abs=1e-12)
    tensors = [torch.from_numpy(array) for array in arrays]
    assert loss.grad(*tensors, 0.5).item() == pytest.approx(grad, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("loss", ALL)
def test_what_is_not_a_number_has_no_loss(loss: Loss) -> None:
    slope = slope_of(loss)
    assert slope is not None
    assert math.isnan(slope(math.nan, 2.0)[0])
    assert np.isnan(loss.rows(np.array([math.nan]), np.array([2.0]))).all()


@pytest.mark.parametrize("loss", ALL)
@given(prediction=numbers, target=sizes, weight=st.sampled_from([1.0, 1 / 32, 7.0]))
def test_the_gradient_is_the_weighted_finite_difference_away_from_the_kink(
    loss: Loss, prediction: float, target: float, weight: float
) -> None:
    step = 1e-4
    if min(abs(prediction - target), abs(prediction)) < 0.5:
        prediction = target + 1
    wanted = np.array([target])
    above, below = (
        loss.rows(np.array([prediction + sign * step]), wanted).item() for sign in (1, -1)
    )
    grad = loss.grad(np.array([prediction]), wanted, weight)
    difference = weight * (above - below) / (2 * step)
    assert grad.item() == pytest.approx(difference, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("loss", BOTH)
def test_the_gradient_leaves_prediction_and_target_as_they_are(loss: Loss) -> None:
    prediction, target = torch.tensor([[1.0, 5.0], [2.0, 2.0]]), torch.tensor([3.0, 3.0])
    grad = loss.grad(prediction, target, 0.5)
    assert prediction.tolist() == [[1, 5], [2, 2]]
    assert target.tolist() == [3, 3]
    assert grad.sign().tolist() == [[-1, 1], [-1, -1]]


@pytest.mark.parametrize("loss", ALL)
def test_an_exact_prediction_costs_nothing_and_pulls_nowhere(loss: Loss) -> None:
    exact = torch.tensor([5.0])
    assert loss.rows(exact, exact).item() == 0
    assert loss.grad(exact, exact, 1.0).item() == 0


@pytest.mark.parametrize("loss", BOTH)
@given(pairs=pairs)
def test_the_loss_is_never_negative_and_the_same_either_way_round(
    loss: Loss, pairs: list[tuple[float, float]]
) -> None:
    prediction, target = np.array(pairs).T
    rows = loss.rows(prediction, target)
    assert (rows >= 0).all()
    assert np.array_equal(rows, loss.rows(target, prediction))


@pytest.mark.parametrize("loss", BOTH)
@given(pairs=pairs)
def test_scoring_in_numpy_and_training_in_torch_agree_to_the_bit(
    loss: Loss, pairs: list[tuple[float, float]]
) -> None:
    prediction, target = np.array(pairs).T
    by_torch = loss.rows(torch.tensor(prediction), torch.tensor(target)).numpy()
    assert np.array_equal(loss.rows(prediction, target), by_torch)


@pytest.mark.parametrize("loss", BOTH)
def test_candidates_on_a_leading_axis_are_scored_each_by_itself(loss: Loss) -> None:
    prediction, target = np.arange(6.0).reshape(2, 3), np.array([1.0, 1.0, 1.0])
    together = loss.rows(prediction, target)
    assert together.shape == (2, 3)
    assert np.array_equal(together[1], loss.rows(prediction[1], target))


@pytest.mark.parametrize("loss", BOTH)
def test_a_missing_target_has_a_missing_loss(loss: Loss) -> None:
    rows = loss.rows(np.array([1.0, 2.0]), np.array([np.nan, 2.0]))
    assert np.isnan(rows[0])
    assert rows[1] == 0
