"""Forward and backward passes of K networks at once, in buffers that are made once.

Shape letters: K candidates, B rows of a batch, I inputs and O outputs of the last layer. Each
operation runs over all candidates, so its cost in Python is shared by K; candidates never
meet in a sum, so each gets what it would get alone.
"""

import torch
from torch import Tensor

from viewcast.models.network import Layers


class Backprop:
    """The passes for batches of exactly B rows.

    ``layers`` and ``grads`` are the weight and bias of each layer, views into the parameters and
    into their gradient; both are read and written in place.
    """

    def __init__(self, layers: Layers, grads: Layers, rows: int) -> None:
        *self.inner, (self.weight, self.bias) = layers  # (K, I, O), (K, 1, O)
        *self.inner_grads, (self.of_weight, self.of_bias) = grads
        inner, weight = self.inner, self.weight
        self.single = weight.shape[-1] == 1
        count = len(weight)
        self.hidden = [weight.new_empty(count, rows, b.shape[-1]) for _, b in inner]
        self.deltas = [torch.empty_like(hidden) for hidden in self.hidden]
        self.transposed = [hidden.mT for hidden in self.hidden]
        self.product = weight.new_empty(count, rows, weight.shape[-2] if self.single else 0)
        # A batched product straight into a part of the gradient, which lies apart for each
        # candidate, would be done one candidate at a time.
        self.of_inner = [weight.new_empty(w.shape) for w, _ in inner]

    def forward(self, x: Tensor, out: Tensor) -> None:
        """Outputs into ``out`` (K, B, O) for x (K, B, F)."""
        for (weight, bias), above in zip(self.inner, self.hidden, strict=True):
            torch.baddbmm(bias, x, weight, out=above).clamp_min_(0)
            x = above
        if self.single:
            # A product with one column is slow as a matrix product, quick as products and a sum.
            torch.mul(x, self.weight.mT, out=self.product)
            torch.sum(self.product, -1, True, out=out).add_(self.bias)
        else:
            out.copy_(torch.baddbmm(self.bias, x, self.weight))

    def backward(self, x: Tensor, grad: Tensor) -> None:
        """Fill the gradient: x is that of the last ``forward``, ``grad`` (K, B, O) is the
        derivative of the loss by each output. max(0, ·) has derivative 0 at 0.
        """
        below = self.hidden[-1] if self.hidden else x
        if self.single:
            torch.mul(below, grad, out=self.product)
            torch.sum(self.product, 1, True, out=self.of_weight.mT)
        else:
            self.of_weight.copy_(torch.bmm(below.mT, grad))
        torch.sum(grad, 1, True, out=self.of_bias)
        top = len(self.hidden) - 1
        for level in range(top, -1, -1):
            delta = self.deltas[level]
            if level < top:
                torch.bmm(self.deltas[level + 1], self.inner[level + 1][0].mT, out=delta)
            elif self.single:
                torch.mul(grad, self.weight.mT, out=delta)
            else:
                torch.bmm(grad, self.weight.mT, out=delta)
            torch.ops.aten.threshold_backward.grad_input(
                delta, self.hidden[level], 0, grad_input=delta
            )
            of_weight, of_bias = self.inner_grads[level]
            inputs = self.transposed[level - 1] if level else x.mT
            of_weight.copy_(torch.bmm(inputs, delta, out=self.of_inner[level]))
            torch.sum(delta, 1, True, out=of_bias)
