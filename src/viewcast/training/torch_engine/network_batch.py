"""K networks of one architecture, and the batches of rows that they learn from.

Shape letters: K candidates, N training rows, n training rows of a candidate, F features, O outputs,
P parameters (padded), B batch rows.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from viewcast.models import network
from viewcast.training.candidate import START_ROWS
from viewcast.training.torch_engine.backprop import Backprop
from viewcast.training.torch_engine.data import Data
from viewcast.training.torch_engine.members import Members
from viewcast.training.torch_engine.objective import Objective

# The parameters of each candidate begin on a cache line, so that kernels round all alike.
LINE = 64
GATHERED_ROWS = 4096  # rows x candidates gathered at once
MEASURED_ROWS = 256  # rows per forward pass when losses are measured, for any K

Batch = tuple[Tensor, Tensor, Tensor | None, Tensor]


def padded(parameters: int) -> int:
    """Length of a candidate's padded parameter vector, a multiple of ``LINE``."""
    return -(-parameters // LINE) * LINE


class NetworkBatch:
    """K networks and their rows. ``params`` and ``grad`` are (K, P); layers are views of them."""

    def __init__(
        self, data: Data, members: Members, hidden: tuple[int, ...], objective: Objective
    ) -> None:
        shape = data.x.shape[-1], hidden, data.y.shape[-1]
        self.data, self.members, self.hidden, self.objective = data, members, hidden, objective
        self.size = network.size(*shape)
        self.params = data.x.new_zeros(len(members.lr), padded(self.size))
        self.grad = torch.zeros_like(self.params)
        self.layers = network.unflatten(self.params[:, : self.size], *shape)
        self.grads = network.unflatten(self.grad[:, : self.size], *shape)
        self.decays = bool(members.decay.any())
        self._passes: dict[int, Backprop] = {}
        self.outputs = data.x.new_empty(len(self.params), self.count, data.y.shape[-1])
        self._whole: tuple[Tensor, Tensor, Tensor | None] | None = None

    def zero_masked_weights(self) -> None:
        """Set the first weights of features that a candidate does not see to 0, where they stay."""
        if self.members.mask is not None:
            self.layers[0][0].mul_(self.members.mask.mT)

    def passes(self, rows: int) -> Backprop:
        """The forward and backward passes for batches of so many rows."""
        if rows not in self._passes:
            self._passes[rows] = Backprop(self.layers, self.grads, rows)
        return self._passes[rows]

    def batches(self, size: int, order: Tensor | None) -> Iterator[Batch]:
        """Each batch of an epoch: features (K, B, F), targets (K, B, O), weights (K, B, 1) or None,
        and where to write the outputs (K, B, O).

        ``order`` (K, n): the order in which each candidate takes its rows; None as they are.
        Several batches are gathered at once: few enough to stay in the caches, enough to save
        calls.
        """
        span = size * max(1, GATHERED_ROWS // (size * len(self.params)))
        for first in range(0, self.count, span):
            x, y, weight = self._gather(first, min(first + span, self.count), order)
            for start in range(0, x.shape[1], size):
                part = slice(start, start + size)
                out = self.outputs[:, first : first + span][:, part]
                yield x[:, part], y[:, part], None if weight is None else weight[:, part], out

    def epoch_loss(self, order: Tensor | None) -> Tensor:
        """Mean loss (K,) of the outputs that the epoch's batches left, in raw units."""
        losses = self.objective.rows(self.outputs, self.data.y[self._numbers(order)])
        return self.objective.mean(losses)

    @property
    def count(self) -> int:
        """How many training rows each candidate learns from, n."""
        rows = self.members.rows
        return len(self.data.y) if rows is None else rows.shape[1]

    def _gather(
        self, first: int, last: int, order: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        whole = order is None and last - first == self.count
        if whole and self._whole is not None:
            return self._whole
        numbers = self._numbers(order)[:, first:last]
        shape, places = numbers.shape, numbers.reshape(-1)
        x = self.data.x.index_select(0, places).view(*shape, -1)
        y = self.data.y.index_select(0, places).view(*shape, -1)
        weight = self.data.weight
        if weight is not None:
            weight = weight.index_select(0, places).view(*shape, 1)
        if self.members.mask is not None:
            x.mul_(self.members.mask)
        if whole:
            self._whole = x, y, weight
        return x, y, weight

    def _numbers(self, order: Tensor | None) -> Tensor:
        """The number of the data row at each place, (K, n)."""
        rows = self.members.rows
        if order is None:
            if rows is not None:
                return rows
            return torch.arange(self.count, device=self.params.device).expand(len(self.params), -1)
        return order if rows is None else rows.gather(1, order)

    def train_loss(self) -> Tensor:
        """Mean loss (K,) of each candidate's training rows, in raw units."""
        losses = self._row_losses(self.data.x, self.data.y, self.members.rows)
        return self.objective.mean(losses)

    def start_loss(self) -> Tensor:
        """The same of the first ``START_ROWS`` of them."""
        rows = self.members.rows
        first = None if rows is None else rows[:, :START_ROWS]
        x, y = (v[:START_ROWS] if rows is None else v for v in (self.data.x, self.data.y))
        return self.objective.mean(self._row_losses(x, y, first))

    def val_losses(self) -> Tensor:
        """Loss (K, M) of each validation row, in the units of the objective."""
        return self._row_losses(self.data.x_val, self.data.y_val, None)

    def _row_losses(self, x: Tensor, y: Tensor, subsets: Tensor | None) -> Tensor:
        count = len(self.params)
        length = len(y) if subsets is None else subsets.shape[1]
        outputs = x.new_empty(count, length, y.shape[-1])
        for first in range(0, length, MEASURED_ROWS):
            part = slice(first, min(first + MEASURED_ROWS, length))
            xs = x[part].expand(count, -1, -1) if subsets is None else x[subsets[:, part]]
            if self.members.mask is not None:
                xs = xs * self.members.mask
            self.passes(xs.shape[1]).forward(xs, outputs[:, part])
        return self.objective.rows(outputs, y if subsets is None else y[subsets])
