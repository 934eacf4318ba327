"""Update rules: from parameters, gradient and memory to new parameters; no state of their own.

Everything is one flat tensor (..., P), so an update is a handful of operations whatever the
network; the memory is in the caller's hands and goes into the checkpoint.
"""

import torch
from torch import Tensor

Memory = dict[str, Tensor]
ADAM_EPSILON = 1e-8


def empty_memory(parameters: Tensor) -> Memory:
    """First and second moment of the gradient, before any update."""
    return {"first": torch.zeros_like(parameters), "second": torch.zeros_like(parameters)}


def sgd(parameters: Tensor, slope: Tensor, memory: Memory, lr: float, momentum: float) -> None:
    """Gradient descent with momentum (Polyak 1964), in place; momentum 0 is the plain rule."""
    if momentum:
        slope = memory["first"].mul_(momentum).add_(slope)
    parameters.sub_(slope, alpha=lr)


def adam(
    parameters: Tensor, slope: Tensor, memory: Memory, lr: float, betas: tuple[float, float], t: int
) -> None:
    """Adam (Kingma and Ba 2015, Algorithm 1), in place; ``t`` counts updates from 1."""
    beta1, beta2 = betas
    first = memory["first"].lerp_(slope, 1 - beta1)
    second = memory["second"].mul_(beta2).addcmul_(slope, slope, value=1 - beta2)
    root = second.sqrt().div_((1 - beta2**t) ** 0.5).add_(ADAM_EPSILON)
    parameters.addcdiv_(first, root, value=-lr / (1 - beta1**t))
