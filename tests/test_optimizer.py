"""The update rules against those of torch.optim."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from viewcast.training.torch_engine.optimizer import OptimizerState, adam, sgd

STEPS = 200  # a wrong rule shows in the first of them, in every example
CLOSE = {"rtol": 1e-12, "atol": 1e-13}
Step = Callable[[Tensor, Tensor, OptimizerState, Tensor], None]


def bowl(parameters: Tensor) -> Tensor:
    """A function whose curvature differs a hundredfold between directions, with a wave on it."""
    curvature = torch.logspace(-1, 1, len(parameters), dtype=torch.float64)
    return (curvature * parameters**2).sum() + torch.sin(3 * parameters).sum()


def grad_of(parameters: Tensor) -> Tensor:
    free = parameters.detach().clone().requires_grad_()
    bowl(free).backward()
    assert free.grad is not None
    return free.grad


def start(seed: int) -> Tensor:
    return torch.tensor(np.random.default_rng(seed).normal(size=7))


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def by_hand(step: Step, seeds: list[int], rates: Tensor, decay: Tensor | None = None) -> Tensor:
    """Parameters (K, P) after all steps, candidate k from ``seeds[k]`` with ``rates[k]``."""
    params = torch.stack([start(seed) for seed in seeds])
    optimizer_state = OptimizerState.empty(params, rates)
    for _ in range(STEPS):
        grad = torch.stack([grad_of(one) for one in params])
        if decay is not None:
            grad.addcmul_(params, decay)
        step(params, grad, optimizer_state, rates)
    assert optimizer_state.step == STEPS
    return params


def by_torch(make: Callable[[list[Tensor]], torch.optim.Optimizer], seed: int) -> Tensor:
    parameters = start(seed).requires_grad_()
    optimizer = make([parameters])
    for _ in range(STEPS):
        optimizer.zero_grad()
        bowl(parameters).backward()
        optimizer.step()
    return parameters.detach()


def descent(momentum: float) -> Step:
    return lambda params, grad, optimizer_state, lr: sgd(
        params, grad, optimizer_state, lr, momentum
    )


def adams(betas: tuple[float, float]) -> Step:
    return lambda params, grad, optimizer_state, lr: adam(params, grad, optimizer_state, lr, betas)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@settings(max_examples=10)
@given(seed=st.integers(0, 50))
def test_gradient_descent_steps_as_in_torch(momentum: float, seed: int) -> None:
    (ours,) = by_hand(descent(momentum), [seed], column(1e-3))
    theirs = by_torch(lambda p: torch.optim.SGD(p, lr=1e-3, momentum=momentum), seed)
    torch.testing.assert_close(ours, theirs, **CLOSE)


# With short averages Adam jumps about its minimum and rounding grows tenfold every few steps: these
# are compared with a learning rate that is a power of 2, which rounds nothing.
@pytest.mark.parametrize(
    ("betas", "lr"), [((0.9, 0.999), 1e-2), ((0.0, 0.9), 2**-7), ((0.5, 0.0), 2**-7)]
)
@settings(max_examples=10)
@given(seed=st.integers(0, 20))
def test_adam_steps_as_in_torch(betas: tuple[float, float], lr: float, seed: int) -> None:
    (ours,) = by_hand(adams(betas), [seed], column(lr))
    theirs = by_torch(lambda p: torch.optim.Adam(p, lr=lr, betas=betas), seed)
    torch.testing.assert_close(ours, theirs, **CLOSE)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.9), (0.5, 0.0)])
@settings(max_examples=10)
@given(seed=st.integers(0, 20))
def test_adam_given_the_same_gradients_is_where_torch_is_after_every_step(
    betas: tuple[float, float], seed: int
) -> None:
    theirs, ours, lr = start(seed).requires_grad_(), start(seed)[None], column(1e-2)
    optimizer, optimizer_state = (
        torch.optim.Adam([theirs], lr=1e-2, betas=betas),
        OptimizerState.empty(ours, lr),
    )
    for _ in range(STEPS):
        theirs.grad = grad_of(theirs)
        adam(ours, theirs.grad[None].clone(), optimizer_state, lr, betas)
        optimizer.step()
        torch.testing.assert_close(ours[0], theirs.detach(), **CLOSE)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_candidates_step_as_in_torch_each_with_its_learning_rate_and_decay(name: str) -> None:
    seeds, rates, decays = [1, 2, 3, 1], [1e-2, 1e-3, 3e-3, 1e-4], [0.0, 0.1, 2.0, 0.5]
    step = descent(0.9) if name == "sgd" else adams((0.9, 0.999))
    together = by_hand(step, seeds, column(*rates), column(*decays))
    for ours, seed, lr, decay in zip(together, seeds, rates, decays, strict=True):

        def make(p: list[Tensor], lr: float = lr, decay: float = decay) -> torch.optim.Optimizer:
            if name == "sgd":
                return torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=decay)
            return torch.optim.Adam(p, lr=lr, betas=(0.9, 0.999), weight_decay=decay)

        torch.testing.assert_close(ours, by_torch(make, seed), **CLOSE)


def test_the_first_step_of_adam_is_the_learning_rate_in_every_direction() -> None:
    parameters = torch.zeros(2, 3, dtype=torch.float64)
    grad = torch.tensor([[1e-3, -5.0, 1e6]] * 2, dtype=torch.float64)
    rates = column(0.1, 0.2)
    adam(parameters, grad, OptimizerState.empty(parameters, rates), rates, (0.9, 0.999))
    expected = torch.tensor([[-0.1, 0.1, -0.1], [-0.2, 0.2, -0.2]], dtype=torch.float64)
    torch.testing.assert_close(parameters, expected, rtol=1e-4, atol=0)


def test_plain_gradient_descent_subtracts_the_learning_rate_times_the_gradient() -> None:
    parameters = torch.tensor([[1.0, 15.0]], dtype=torch.float64)
    optimizer_state = OptimizerState.empty(parameters, column(0.5))
    sgd(
        parameters,
        torch.tensor([[10.0, -2.0]], dtype=torch.float64),
        optimizer_state,
        column(0.5),
        0,
    )
    assert parameters.tolist() == [[-4.0, 16.0]]


def test_an_update_is_made_in_place_and_leaves_the_gradient_alone() -> None:
    parameters, grad, lr = torch.ones(1, 2), torch.full((1, 2), 3.0), torch.tensor([[0.1]])
    address = parameters.data_ptr()
    optimizer_state = OptimizerState.empty(parameters, lr)
    sgd(parameters, grad, optimizer_state, lr, 0.9)
    adam(parameters, grad, optimizer_state, lr, (0.9, 0.999))
    assert parameters.data_ptr() == address
    assert grad.tolist() == [[3.0, 3.0]]
    assert lr.tolist() == [[pytest.approx(0.1)]]


@pytest.mark.parametrize("step", [descent(0.0), descent(0.9), adams((0.9, 0.999))])
def test_candidates_on_a_leading_axis_are_updated_each_by_itself(step: Step) -> None:
    together = by_hand(step, [1, 2], column(1e-2, 1e-3))
    alone = [by_hand(step, [1], column(1e-2))[0], by_hand(step, [2], column(1e-3))[0]]
    torch.testing.assert_close(together, torch.stack(alone), **CLOSE)


def test_without_a_gradient_nothing_moves() -> None:
    lr = column(0.125)  # a power of 2: dividing by it and multiplying by it is exact
    for step in (descent(0.9), adams((0.9, 0.999))):
        parameters = start(3)[None]
        step(parameters, torch.zeros_like(parameters), OptimizerState.empty(parameters, lr), lr)
        assert torch.equal(parameters[0], start(3))
