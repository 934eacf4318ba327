"""A network batch: K networks and the rows they are trained on, as tensors that are made once.

Shape letters: K candidates, N training rows, F features, P parameters (padded), B batch rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from viewcast.models import network
from viewcast.models.scaling import Scaling
from viewcast.scoring.loss import Loss
from viewcast.training.candidate import Candidate
from viewcast.training.problem import Problem
from viewcast.training.torch_engine.backprop import Backprop

# The parameters of each candidate begin on a cache line, so that kernels round all alike.
LINE = 64
GATHERED_ROWS = 4096  # rows x candidates gathered at once
MEASURED_ROWS = 256  # rows per forward pass when losses are measured, for any K


def padded(parameters: int) -> int:
    """Length of a candidate's padded parameter vector, a multiple of ``LINE``."""
    return -(-parameters // LINE) * LINE


@dataclass(frozen=True)
class Data:
    """Rows in scaled units: x (N, F), y (N,), and the same of the validation rows."""

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor

    @classmethod
    def of(
        cls, problem: Problem, scaling: Scaling, dtype: torch.dtype, device: torch.device
    ) -> "Data":
        """The problem's rows as tensors."""
        tensors = []
        for rows in (problem.train, problem.validation):
            x, y = scaling.inputs(problem.x(rows)), scaling.targets(problem.y(rows))
            tensors += [torch.as_tensor(v, dtype=dtype, device=device) for v in (x, y)]
        return cls(*tensors)


class NetworkBatch:
    """K networks and their rows. ``params`` and ``grad`` are (K, P); layers are views of them."""

    def __init__(
        self,
        data: Data,
        candidates: Sequence[Candidate],
        hidden: tuple[int, ...],
        loss: Loss,
        raw_units: float,
    ) -> None:
        features, count = data.x.shape[-1], len(candidates)
        size = network.size(features, hidden)
        self.data, self.loss, self.raw_units = data, loss, raw_units
        self.params = data.x.new_zeros(count, padded(size))
        self.grad = torch.zeros_like(self.params)
        self.layers = network.unflatten(self.params[:, :size], features, hidden)
        self.grads = network.unflatten(self.grad[:, :size], features, hidden)
        self.lr = self._column([c.settings.lr for c in candidates])
        self.decay = self._column([c.settings.weight_decay for c in candidates])
        self.decays = bool(self.decay.any())
        self.mask = self._masks(candidates)
        self.rows = self._subsets(candidates)
        self._passes: dict[int, Backprop] = {}
        self.predicted = data.x.new_empty(count, self.count)
        self._whole: tuple[Tensor, Tensor] | None = None

    def zero_masked_weights(self) -> None:
        """Set the first weights of features that a candidate does not see to 0, where they stay."""
        if self.mask is not None:
            self.layers[0][0].mul_(self.mask.mT)

    def passes(self, rows: int) -> Backprop:
        """The forward and backward passes for batches of so many rows."""
        if rows not in self._passes:
            self._passes[rows] = Backprop(self.layers, self.grads, rows)
        return self._passes[rows]

    def batches(self, size: int, order: Tensor | None) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Each batch of an epoch: features (K, B, F), targets (K, B), and where to write the
        predictions (K, B).

        ``order`` (K, n): the order in which each candidate takes its rows; None as they are.
        Several batches are gathered at once: few enough to stay in the caches, enough to save
        calls.
        """
        span = size * max(1, GATHERED_ROWS // (size * len(self.params)))
        for first in range(0, self.count, span):
            x, y = self._gather(first, min(first + span, self.count), order)
            out = self.predicted[:, first : first + span]
            parts = (torch.split(tensor, size, 1) for tensor in (x, y, out))
            yield from zip(*parts, strict=True)

    def epoch_loss(self, order: Tensor | None) -> Tensor:
        """Mean loss (K,) of the predictions that the epoch's batches left, in raw units."""
        return self.mean(self.loss.rows(self.predicted, self.data.y[self._numbers(order)]))

    @property
    def count(self) -> int:
        """How many training rows each candidate learns from, n."""
        return len(self.data.y) if self.rows is None else self.rows.shape[1]

    def _gather(self, first: int, last: int, order: Tensor | None) -> tuple[Tensor, Tensor]:
        whole = order is None and last - first == self.count
        if whole and self._whole is not None:
            return self._whole
        numbers = self._numbers(order)[:, first:last]
        shape, places = numbers.shape, numbers.reshape(-1)
        x = self.data.x.index_select(0, places).view(*shape, -1)
        y = self.data.y.index_select(0, places).view(shape)
        if self.mask is not None:
            x.mul_(self.mask)
        if whole:
            self._whole = x, y
        return x, y

    def _numbers(self, order: Tensor | None) -> Tensor:
        """The number of the data row at each place, (K, n)."""
        if order is None:
            if self.rows is not None:
                return self.rows
            return torch.arange(self.count, device=self.params.device).expand(len(self.params), -1)
        return order if self.rows is None else self.rows.gather(1, order)

    def train_loss(self) -> Tensor:
        """Mean loss (K,) of each candidate's training rows, in raw units."""
        return self.mean(self._row_losses(self.data.x, self.data.y, self.rows))

    def val_losses(self) -> Tensor:
        """Loss (K, M) of each validation row, in scaled units."""
        return self._row_losses(self.data.x_val, self.data.y_val, None)

    def mean(self, losses: Tensor) -> Tensor:
        """Mean (K,), in raw units, of losses (K, N) in scaled ones; NaN without rows."""
        return losses.mean(-1).double() * self.raw_units

    def _row_losses(self, x: Tensor, y: Tensor, subsets: Tensor | None) -> Tensor:
        count = len(self.params)
        length = len(y) if subsets is None else subsets.shape[1]
        predicted = x.new_empty(count, length)
        for first in range(0, length, MEASURED_ROWS):
            part = slice(first, min(first + MEASURED_ROWS, length))
            xs = x[part].expand(count, -1, -1) if subsets is None else x[subsets[:, part]]
            if self.mask is not None:
                xs = xs * self.mask
            self.passes(xs.shape[1]).forward(xs, predicted[:, part])
        losses: Tensor = self.loss.rows(predicted, y if subsets is None else y[subsets])
        return losses

    def _column(self, values: list[float]) -> Tensor:
        return self.params.new_tensor(values).unsqueeze(-1)

    def _masks(self, candidates: Sequence[Candidate]) -> Tensor | None:
        """Features that a candidate sees (K, 1, F), or None where all see all."""
        features = self.data.x.shape[-1]
        if all(c.settings.feature_share == 1 for c in candidates):
            return None
        masks = np.zeros((len(candidates), 1, features))
        for mask, candidate in zip(masks, candidates, strict=True):
            mask[0, candidate.features(features)] = 1
        return torch.as_tensor(masks, dtype=self.params.dtype, device=self.params.device)

    def _subsets(self, candidates: Sequence[Candidate]) -> Tensor | None:
        """Training rows that a candidate learns from (K, n), or None where all learn from all."""
        rows = len(self.data.y)
        if all(c.settings.row_share == 1 for c in candidates):
            return None
        subsets = np.stack([candidate.rows(rows) for candidate in candidates])
        return torch.as_tensor(subsets, device=self.params.device)
