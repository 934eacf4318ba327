"""The usual loop of PyTorch, one model after the other."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peers.work import LR, Floats, Work


def fit(work: Work, starts: Floats, orders: NDArray[Any] | None = None) -> Floats:
    """A module, an optimizer, batches of a random permutation."""
    torch.set_num_threads(1)
    each = [None] * len(starts) if orders is None else list(orders)
    return np.stack([_one(work, *chosen) for chosen in zip(starts, each, strict=True)])


def _one(work: Work, start: Floats, orders: NDArray[Any] | None) -> Floats:
    net = network(work, start)
    optimizer = torch.optim.Adam(net.parameters(), lr=LR)
    measure = nn.MSELoss()
    x, y, x_val, y_val = tensors(work)
    losses = []
    for epoch in range(work.epochs):
        order = torch.randperm(len(x)) if orders is None else torch.as_tensor(orders[epoch])
        total = 0.0
        for first in range(0, len(x), work.batch):
            index = order[first : first + work.batch]
            optimizer.zero_grad()
            loss = measure(net(x[index]), y[index])
            loss.backward()
            optimizer.step()
            if work.validated:
                total += loss.item() * len(index)
        if work.validated:
            with torch.no_grad():
                losses.append((total / len(x), measure(net(x_val), y_val).item()))
    return flattened(net)


def network(work: Work, start: Floats) -> nn.Sequential:
    """The module with the initial parameters (P,)."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((work.x.shape[1], *work.hidden)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear((work.x.shape[1], *work.hidden)[-1], 1))
    rest = torch.as_tensor(start)
    with torch.no_grad():
        for linear in _linear(net):
            weight, bias, rest = rest.tensor_split(
                [linear.weight.numel(), linear.weight.numel() + linear.bias.numel()]
            )
            linear.weight.copy_(weight.reshape(linear.weight.T.shape).T)
            linear.bias.copy_(bias)
    return net


def flattened(net: nn.Sequential) -> Floats:
    """The parameters (P,), each weight (inputs, outputs) before its bias."""
    parts = [part for linear in _linear(net) for part in (linear.weight.T, linear.bias)]
    return np.concatenate([part.detach().numpy().ravel() for part in parts])


def tensors(work: Work) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows and targets (rows, 1) of training and validation."""
    x, y, x_val, y_val = map(torch.as_tensor, (work.x, work.y, work.x_val, work.y_val))
    return x, y.unsqueeze(-1), x_val, y_val.unsqueeze(-1)


def _linear(net: nn.Sequential) -> Iterator[nn.Linear]:
    return (layer for layer in net if isinstance(layer, nn.Linear))
