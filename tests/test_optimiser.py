"""The update rules against those of torch.optim, in double precision over many steps."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from viewcast.training.optimiser import adam, empty_memory, sgd

STEPS = 200
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def bowl(parameters: Tensor) -> Tensor:
    """A function whose curvature differs a hundredfold between directions, with a wave on it."""
    curvature = torch.logspace(-1, 1, len(parameters), dtype=torch.float64)
    return (curvature * parameters**2).sum() + torch.sin(3 * parameters).sum()


def slope_of(parameters: Tensor) -> Tensor:
    free = parameters.detach().clone().requires_grad_()
    bowl(free).backward()
    assert free.grad is not None
    return free.grad


def start(seed: int) -> Tensor:
    return torch.tensor(np.random.default_rng(seed).normal(size=7))


def by_torch(make: Callable[[list[Tensor]], torch.optim.Optimizer], seed: int) -> Tensor:
    parameters = start(seed).requires_grad_()
    optimiser = make([parameters])
    for _ in range(STEPS):
        optimiser.zero_grad()
        bowl(parameters).backward()
        optimiser.step()
    return parameters.detach()


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@given(seed=st.integers(0, 50))
def test_gradient_descent_steps_as_in_torch(momentum: float, seed: int) -> None:
    ours = start(seed)
    memory = empty_memory(ours)
    for _ in range(STEPS):
        sgd(ours, slope_of(ours), memory, 1e-3, momentum)
    theirs = by_torch(lambda p: torch.optim.SGD(p, lr=1e-3, momentum=momentum), seed)
    torch.testing.assert_close(ours, theirs, **CLOSE)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.9), (0.5, 0.0)])
@given(seed=st.integers(0, 20))
def test_adam_steps_as_in_torch(betas: tuple[float, float], seed: int) -> None:
    ours = start(seed)
    memory = empty_memory(ours)
    for t in range(1, STEPS + 1):
        adam(ours, slope_of(ours), memory, 1e-2, betas, t)
    theirs = by_torch(lambda p: torch.optim.Adam(p, lr=1e-2, betas=betas), seed)
    torch.testing.assert_close(ours, theirs, **CLOSE)


def test_the_first_step_of_adam_is_the_learning_rate_in_every_direction() -> None:
    parameters = torch.zeros(3, dtype=torch.float64)
    slope = torch.tensor([1e-3, -5.0, 1e6], dtype=torch.float64)
    adam(parameters, slope, empty_memory(parameters), 0.1, (0.9, 0.999), 1)
    expected = torch.tensor([-0.1, 0.1, -0.1], dtype=torch.float64)
    torch.testing.assert_close(parameters, expected, rtol=1e-4, atol=0)


def test_plain_gradient_descent_subtracts_the_learning_rate_times_the_slope() -> None:
    parameters = torch.tensor([1.0, 15.0], dtype=torch.float64)
    sgd(parameters, torch.tensor([10.0, -2.0], dtype=torch.float64), {}, 0.5, 0)
    assert parameters.tolist() == [-4.0, 16.0]


def test_an_update_is_made_in_place_and_leaves_the_slope_alone() -> None:
    parameters, slope = torch.ones(2), torch.full((2,), 3.0)
    address = parameters.data_ptr()
    memory = empty_memory(parameters)
    sgd(parameters, slope, memory, 0.1, 0.9)
    adam(parameters, slope, memory, 0.1, (0.9, 0.999), 1)
    assert parameters.data_ptr() == address
    assert slope.tolist() == [3.0, 3.0]


def test_candidates_on_a_leading_axis_are_updated_each_by_itself() -> None:
    stacked = torch.stack([start(1), start(2)])
    memory = empty_memory(stacked)
    alone = [start(1), start(2)]
    memories = [empty_memory(one) for one in alone]
    for t in range(1, 20):
        slopes = torch.stack([slope_of(one) for one in stacked])
        adam(stacked, slopes, memory, 1e-2, (0.9, 0.999), t)
        for one, own in zip(alone, memories, strict=True):
            adam(one, slope_of(one), own, 1e-2, (0.9, 0.999), t)
    torch.testing.assert_close(stacked, torch.stack(alone), **CLOSE)


def test_no_slope_no_movement() -> None:
    for update in (
        lambda p, m: sgd(p, torch.zeros_like(p), m, 0.1, 0.9),
        lambda p, m: adam(p, torch.zeros_like(p), m, 0.1, (0.9, 0.999), 1),
    ):
        parameters = start(3)
        update(parameters, empty_memory(parameters))
        assert torch.equal(parameters, start(3))
