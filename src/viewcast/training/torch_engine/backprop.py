"""Forward and backward passes of K networks at once, in buffers that are made once.

Shape letters: K candidates, B rows of a batch, I inputs and O outputs of a layer, P parameters.
Each operation runs over all candidates, so its cost in Python is shared by K; candidates never
meet in a sum, so each gets what it would get alone.
"""

import torch
from torch import Tensor

from viewcast.models.network import Layers


class Backprop:
    """The passes for batches of exactly B rows.

    ``layers`` and ``grads`` are (weight (K, I, O), bias (K, 1, O)) per layer, views into the
    parameters and into their gradient; both are read and written in place.
    """

    def __init__(self, layers: Layers, grads: Layers, rows: int) -> None:
        *inner, (weight, bias) = layers
        *inner_grads, (of_weight, of_bias) = grads
        self.inner, self.inner_grads = inner, inner_grads
        self.weight, self.bias = weight.mT, bias[..., 0]  # (K, 1, I), (K, 1)
        self.of_weight, self.of_bias = of_weight.mT, of_bias[..., 0]
        count = len(weight)
        self.hidden = [weight.new_empty(count, rows, b.shape[-1]) for _, b in inner]
        self.deltas = [torch.empty_like(hidden) for hidden in self.hidden]
        self.transposed = [hidden.mT for hidden in self.hidden]
        self.product = weight.new_empty(count, rows, weight.shape[-2])
        # A batched product straight into a part of the gradient, which lies apart for each
        # candidate, would be done one candidate at a time.
        self.of_inner = [weight.new_empty(w.shape) for w, _ in inner]

    def forward(self, x: Tensor, out: Tensor) -> None:
        """Predictions into ``out`` (K, B) for x (K, B, I)."""
        for (weight, bias), above in zip(self.inner, self.hidden, strict=True):
            torch.baddbmm(bias, x, weight, out=above).clamp_min_(0)
            x = above
        # A product with one column is slow as a matrix product, quick as products and a sum.
        torch.sum(torch.mul(x, self.weight, out=self.product), -1, out=out).add_(self.bias)

    def backward(self, x: Tensor, grad: Tensor) -> None:
        """Fill the gradient: x is that of the last ``forward``, ``grad`` (K, B) is the derivative
        of the loss by each prediction. max(0, ·) has derivative 0 at 0.
        """
        column = grad.unsqueeze(-1)
        below = self.hidden[-1] if self.hidden else x
        torch.sum(torch.mul(below, column, out=self.product), 1, True, out=self.of_weight)
        torch.sum(grad, 1, True, out=self.of_bias)
        top = len(self.hidden) - 1
        for level in range(top, -1, -1):
            delta = self.deltas[level]
            if level == top:
                torch.mul(column, self.weight, out=delta)
            else:
                torch.bmm(self.deltas[level + 1], self.inner[level + 1][0].mT, out=delta)
            torch.ops.aten.threshold_backward.grad_input(
                delta, self.hidden[level], 0, grad_input=delta
            )
            of_weight, of_bias = self.inner_grads[level]
            inputs = self.transposed[level - 1] if level else x.mT
            of_weight.copy_(torch.bmm(inputs, delta, out=self.of_inner[level]))
            torch.sum(delta, 1, True, out=of_bias)
