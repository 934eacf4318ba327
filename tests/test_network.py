"""The network: its predictions and its hand-written gradient against torch's own."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.training.torch_engine.backprop import Backprop
from viewcast.training.torch_engine.objective import Objective
from viewcast.training.units import LossUnits

hidden_layers = st.lists(st.integers(1, 5), min_size=0, max_size=4).map(tuple)
losses = st.sampled_from([MSE(), MAE()])
seeds = st.integers(0, 2**32 - 1)


def random_case(
    seed: int, lead: tuple[int, ...], rows: int, features: int, hidden: tuple[int, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(*lead, network.size(features, hidden)))
    x, y = rng.normal(size=(rows, features)), rng.normal(size=rows)
    return torch.tensor(flat), torch.tensor(x), torch.tensor(y)


def by_hand(flat: Tensor, x: Tensor, y: Tensor, hidden: tuple[int, ...], loss: Loss) -> Tensor:
    """The gradient of the mean loss (K, P) for rows x (K, N, F), y (K, N, O)."""
    gradient, shape = torch.full_like(flat, torch.nan), (x.shape[-1], hidden, y.shape[-1])
    layers, grads = (network.unflatten(v, *shape) for v in (flat, gradient))
    passes, predicted = Backprop(layers, grads, x.shape[-2]), torch.empty_like(y)
    objective = Objective(loss, LossUnits(0.0, 1.0, 1.0))
    for rows in (torch.ones_like(x), x):  # the second pass must find nothing of the first
        passes.forward(rows, predicted)
        passes.backward(rows, objective.grad(predicted, y, None))
    torch.testing.assert_close(predicted, network.outputs(layers, x), rtol=1e-12, atol=1e-12)
    return gradient


@given(
    seed=seeds,
    candidates=st.sampled_from([1, 2, 3]),
    rows=st.integers(1, 6),
    features=st.integers(1, 4),
    hidden=hidden_layers,
    outputs=st.sampled_from([1, 1, 3]),
    loss=losses,
)
@settings(max_examples=80)
def test_gradient_is_that_of_automatic_differentiation(
    seed: int,
    candidates: int,
    rows: int,
    features: int,
    hidden: tuple[int, ...],
    outputs: int,
    loss: Loss,
) -> None:
    rng, shape = np.random.default_rng(seed), (features, hidden, outputs)
    flat = torch.tensor(rng.normal(size=(candidates, network.size(*shape))), requires_grad=True)
    x, y = (torch.tensor(rng.normal(size=(candidates, rows, n))) for n in (features, outputs))
    loss.rows(network.outputs(network.unflatten(flat, *shape), x), y).mean((1, 2)).sum().backward()
    assert flat.grad is not None
    found = by_hand(flat.detach(), x, y, hidden, loss)
    torch.testing.assert_close(found, flat.grad, rtol=1e-9, atol=1e-11)


@given(seed=seeds, rows=st.integers(0, 6), features=st.integers(1, 4), hidden=hidden_layers)
def test_numpy_and_torch_predict_the_same(
    seed: int, rows: int, features: int, hidden: tuple[int, ...]
) -> None:
    flat, x, _ = random_case(seed, (), rows, features, hidden)
    by_torch = network.forward(network.unflatten(flat, features, hidden), x)
    by_numpy = network.forward(network.unflatten(flat.numpy(), features, hidden), x.numpy())
    assert by_numpy.shape == (rows,)
    np.testing.assert_allclose(by_numpy, by_torch.numpy(), rtol=1e-12, atol=1e-12)


@given(seed=seeds, candidates=st.integers(1, 4), features=st.integers(1, 3), hidden=hidden_layers)
def test_stacked_parameter_sets_predict_as_separate_networks(
    seed: int, candidates: int, features: int, hidden: tuple[int, ...]
) -> None:
    flat, x, _ = random_case(seed, (candidates,), 5, features, hidden)
    together = network.forward(network.unflatten(flat, features, hidden), x)
    assert together.shape == (candidates, 5)
    for one, predicted in zip(flat, together, strict=True):
        alone = network.forward(network.unflatten(one, features, hidden), x)
        torch.testing.assert_close(predicted, alone, rtol=1e-12, atol=1e-12)


@given(seed=seeds, features=st.integers(1, 3), hidden=hidden_layers, count=st.integers(1, 3))
def test_each_output_is_that_of_a_network_of_its_own_upon_the_same_units(
    seed: int, features: int, hidden: tuple[int, ...], count: int
) -> None:
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=network.size(features, hidden, count))
    assert network.output_count(len(flat), features, hidden) == count
    *inner, (weight, bias) = network.unflatten(flat, features, hidden, count)
    x = rng.normal(size=(5, features))
    found = network.outputs([*inner, (weight, bias)], x)
    assert found.shape == (5, count)
    for o in range(count):
        alone = network.forward([*inner, (weight[:, o : o + 1], bias[:, o : o + 1])], x)
        np.testing.assert_allclose(found[:, o], alone, rtol=1e-12, atol=1e-12)
    scaling = Scaling(np.zeros(features), np.ones(features), 2.0, 3.0)
    names = [f"f{i}" for i in range(features)]
    model = FittedNetwork(names, hidden, flat, scaling)
    expected = 2 + 3 * (found[:, 0] if count == 1 else found)
    predicted = model.predict(pd.DataFrame(x, columns=names))
    np.testing.assert_allclose(predicted, expected, rtol=1e-12, atol=1e-12)
    one_line = not hidden and count == 1
    assert bool(model.figures()) == one_line


@given(seed=seeds, features=st.integers(1, 4), hidden=hidden_layers)
def test_network_predicts_as_torch_layers_with_the_same_parameters(
    seed: int, features: int, hidden: tuple[int, ...]
) -> None:
    flat, x, _ = random_case(seed, (), 5, features, hidden)
    modules: list[torch.nn.Module] = []
    for weight, bias in network.unflatten(flat, features, hidden):
        linear = torch.nn.Linear(*weight.shape, dtype=torch.float64)
        linear.weight = torch.nn.Parameter(weight.mT.clone())
        linear.bias = torch.nn.Parameter(bias[0].clone())
        modules += [linear, torch.nn.ReLU()]
    expected = torch.nn.Sequential(*modules[:-1])(x)[:, 0].detach()
    predicted = network.forward(network.unflatten(flat, features, hidden), x)
    torch.testing.assert_close(predicted, expected, rtol=1e-12, atol=1e-12)


def test_without_hidden_units_the_network_is_a_line() -> None:
    flat = np.array([2.0, -3.0, 0.5])
    x = np.array([[1.0, 1.0], [0.0, 0.0], [4.0, 2.0]])
    assert network.forward(network.unflatten(flat, 2, ()), x).tolist() == [-0.5, 0.5, 2.5]


kinks_and_slopes = st.integers(1, 6).flatmap(
    lambda k: st.tuples(
        st.lists(st.integers(-20, 20), min_size=k, max_size=k, unique=True).map(sorted),
        st.lists(st.integers(-5, 5), min_size=k, max_size=k),
    )
)


def heights_at(ends: list[int], grads: list[int], first: int) -> list[int]:
    """Heights of a piecewise-linear curve at the ends of its pieces, one grad per piece."""
    heights = [first]
    for left, right, grad in zip(ends, ends[1:], grads, strict=False):
        heights.append(heights[-1] + grad * (right - left))
    return heights


@given(kinks_and_slopes, st.integers(-10, 10))
def test_any_curve_of_k_kinks_that_starts_level_is_matched_by_k_rectified_units(
    curve: tuple[list[int], list[int]], height: int
) -> None:
    kinks, grads = curve
    ends = [-30, *kinks, 30]
    x = np.linspace(-30, 30, 241)
    expected = np.interp(x, ends, heights_at(ends, [0, *grads], height))

    weights, biases, changes = np.ones(len(kinks)), -np.array(kinks), np.diff([0, *grads])
    flat = np.concatenate([weights, biases, changes, [height]])
    layers = network.unflatten(flat, 1, (len(kinks),))
    np.testing.assert_allclose(network.forward(layers, x[:, None]), expected, atol=1e-9)


@given(kinks_and_slopes, st.integers(-10, 10), st.integers(-5, 5))
def test_a_curve_that_starts_on_a_slope_needs_one_unit_more(
    curve: tuple[list[int], list[int]], height: int, first: int
) -> None:
    kinks, grads = curve
    ends = [-30, *kinks, 30]
    x = np.linspace(-30, 30, 241)
    expected = np.interp(x, ends, heights_at(ends, [first, *grads], height))

    starts, changes = np.array([-30, *kinks]), np.diff([0, first, *grads])
    flat = np.concatenate([np.ones(len(starts)), -starts, changes, [height]])
    layers = network.unflatten(flat, 1, (len(starts),))
    np.testing.assert_allclose(network.forward(layers, x[:, None]), expected, atol=1e-9)


def test_a_ramp_between_two_levels_is_two_rectified_units() -> None:
    # Level at 1 up to x = 0, up by 2 per unit until x = 3, level at 7 from there: two kinks.
    flat = np.array([1.0, 1.0, 0.0, -3.0, 2.0, -2.0, 1.0])
    x = np.array([[-9.0], [0.0], [1.0], [3.0], [50.0]])
    predicted = network.forward(network.unflatten(flat, 1, (2,)), x)
    assert predicted.tolist() == [1.0, 1.0, 3.0, 7.0, 7.0]


def test_a_unit_exactly_at_its_kink_has_slope_zero() -> None:
    flat = torch.tensor([[1.0, 0.0, 1.0, 0.0]], dtype=torch.float64)
    x = torch.zeros(1, 1, 1, dtype=torch.float64)
    y = -torch.ones(1, 1, 1, dtype=torch.float64)
    weight, bias, above, last = by_hand(flat, x, y, (1,), MSE())[0].tolist()
    assert (weight, bias) == (0, 0)
    assert (above, last) == (0, 2), "the loss does pull: only the unit at its kink is not moved"


@given(features=st.integers(1, 5), hidden=hidden_layers, lead=st.sampled_from([(), (2,)]))
def test_layers_are_views_of_the_flat_parameters_and_use_each_once(
    features: int, hidden: tuple[int, ...], lead: tuple[int, ...]
) -> None:
    flat = torch.zeros(*lead, network.size(features, hidden))
    for weight, bias in network.unflatten(flat, features, hidden):
        weight.add_(1)
        bias.add_(1)
    assert (flat == 1).all()


@pytest.mark.parametrize(
    ("features", "hidden", "parameters"),
    [(1, (), 2), (56, (), 57), (1, (100,), 301), (56, (100,), 5801), (56, (100, 100), 15901)],
)
def test_the_number_of_parameters_is_the_textbook_one(
    features: int, hidden: tuple[int, ...], parameters: int
) -> None:
    assert network.size(features, hidden) == parameters


@given(seed=seeds, features=st.integers(1, 5), hidden=hidden_layers)
def test_start_values_are_reproducible(seed: int, features: int, hidden: tuple[int, ...]) -> None:
    first, second = (
        network.init_values(features, hidden, np.random.default_rng(seed)) for _ in range(2)
    )
    assert np.array_equal(first, second)


@given(seed=seeds, features=st.integers(1, 5), hidden=hidden_layers)
def test_start_values_lie_within_one_over_the_root_of_the_inputs(
    seed: int, features: int, hidden: tuple[int, ...]
) -> None:
    flat = network.init_values(features, hidden, np.random.default_rng(seed))
    assert flat.shape == (network.size(features, hidden),)
    for weight, bias in network.unflatten(flat, features, hidden):
        bound = 1 / np.sqrt(weight.shape[0])
        assert max(abs(weight).max(), abs(bias).max()) <= bound


def test_start_values_of_another_seed_are_others() -> None:
    first, second = (network.init_values(3, (4,), np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_a_large_start_is_spread_evenly_over_its_bounds() -> None:
    flat = network.init_values(100, (1000,), np.random.default_rng(0))
    weight = network.unflatten(flat, 100, (1000,))[0][0]
    # The standard deviation of a uniform variable on ±a is a/√3.
    assert weight.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.01)


@given(seed=seeds, features=st.integers(1, 3))
def test_a_line_in_raw_units_predicts_as_the_scaled_one(seed: int, features: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(50, 20, size=(9, features))
    y = rng.normal(70, 30, size=9)
    scaling, flat = Scaling.of(x, y), rng.normal(size=features + 1)
    scaled = scaling.outputs(
        network.forward(network.unflatten(flat, features, ()), scaling.inputs(x))
    )
    names = [f"f{i}" for i in range(features)]
    figures = FittedNetwork(names, (), flat, scaling).figures()
    assert list(figures) == (["w", "b"] if features == 1 else [*(f"w_{n}" for n in names), "b"])
    *weights, bias = figures.values()
    np.testing.assert_allclose(x @ np.array(weights) + bias, scaled, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("value", [0.1, 0.3, 1e-9, 12345.678, 0.0, -7.7])
@pytest.mark.parametrize("rows", [1, 7, 12, 1461])
def test_a_constant_column_is_not_blown_up_by_standardising(value: float, rows: int) -> None:
    constant = np.full(rows, value)
    scaling = Scaling.of(constant[:, None], constant)
    assert scaling.x_std.tolist() == [1.0]
    assert scaling.y_std == 1.0
