"""Update rules for K candidates at once, each with its own learning rate.

Shape letters: K candidates, P parameters of each. The library's fused kernels take one learning
rate for all. Both rules are linear in it: parameters divided by their learning rate move as if it
were 1. So ``units``, the parameters divided by the learning rate, are stored and updated.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

ADAM_EPSILON = 1e-8


@dataclass
class OptimizerState:
    """What an optimizer keeps between updates; part of the checkpoint."""

    units: Tensor  # (K, P)
    first: Tensor  # (K, P), mean of the gradient, or momentum
    second: Tensor  # (K, P), mean of the squared gradient
    step: Tensor  # (), updates so far

    @classmethod
    def empty(cls, params: Tensor, lr: Tensor) -> "OptimizerState":
        """Before any update of the parameters (K, P) with learning rates (K, 1)."""
        zeros = torch.zeros_like
        return cls(params / lr, zeros(params), zeros(params), torch.zeros((), device=params.device))


def sgd(
    params: Tensor, grad: Tensor, optimizer_state: OptimizerState, lr: Tensor, momentum: float
) -> None:
    """Gradient descent with momentum (Polyak 1964), in place; momentum 0 is the plain rule."""
    optimizer_state.step += 1
    move = optimizer_state.first.mul_(momentum).add_(grad) if momentum else grad
    torch.mul(optimizer_state.units.sub_(move), lr, out=params)


def adam(
    params: Tensor,
    grad: Tensor,
    optimizer_state: OptimizerState,
    lr: Tensor,
    betas: tuple[float, float],
) -> None:
    """Adam (Kingma and Ba 2015, Algorithm 1), in place."""
    optimizer_state.step += 1
    # One pass over memory instead of the six of its formula written in separate operations.
    torch._fused_adam_(
        [optimizer_state.units],
        [grad],
        [optimizer_state.first],
        [optimizer_state.second],
        [],
        [optimizer_state.step],
        lr=1.0,
        beta1=betas[0],
        beta2=betas[1],
        weight_decay=0.0,
        eps=ADAM_EPSILON,
        amsgrad=False,
        maximize=False,
    )
    torch.mul(optimizer_state.units, lr, out=params)
