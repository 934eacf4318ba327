"""What everyone is given: rows, architecture, batches, epochs, initial parameters, orders of rows.

Shape letters: K candidates, N training rows, M validation rows, F features, E epochs, P parameters.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.models import network
from viewcast.training import order

LR = 1e-3
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Work:
    """Rows x (N, F), y (N,), x_val (M, F), y_val (M,), hidden layers, rows per update, epochs.

    Trained is by Adam on the mean squared error, with a learning rate of ``LR``. ``validated``:
    the losses of training (in passing) and validation rows must be known for every epoch.
    """

    x: Floats
    y: Floats
    x_val: Floats
    y_val: Floats
    hidden: tuple[int, ...]
    batch: int
    epochs: int
    validated: bool = False

    @property
    def updates(self) -> int:
        """Updates of one model."""
        return self.epochs * math.ceil(len(self.y) / self.batch)

    @property
    def flops(self) -> int:
        """Of the matrix products of a mean update: 2 B (forward + weights' gradient + inputs').

        Forward and the weights' gradient take a product of each weight a row; so does the inputs'
        gradient, but for the first layer: nobody asks for the gradient of the features.
        """
        shapes = network.shapes(self.x.shape[1], self.hidden)
        weights = [math.prod(weight) for weight, _ in shapes]
        rows = self.epochs * len(self.y) / self.updates  # the last batch may be smaller
        return round(2 * rows * (3 * sum(weights) - weights[0]))


# Initial parameters (K, P), and the orders of rows (K, E, N) or None for the peer's own, to the
# parameters after the last epoch (K, P). A parameter vector is laid out as in ``models/network``.
Fit = Callable[[Work, Floats, NDArray[Any] | None], Floats]


def work_of(
    rows: int,
    hidden: tuple[int, ...],
    batch: int,
    epochs: int,
    features: int = 56,
    validation: int = 45,
    validated: bool = False,
) -> Work:
    """A bent plane, a plane, and noise, in standard units."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows + validation, features), np.float32)
    y = np.abs(x[:, 0]) + x[:, 1] + np.float32(0.3) * rng.standard_normal(len(x), np.float32)
    y = (y - y[:rows].mean()) / y[:rows].std()
    return Work(x[:rows], y[:rows], x[rows:], y[rows:], hidden, batch, epochs, validated)


def starts(work: Work, count: int) -> Floats:
    """Initial parameters (K, P) of so many candidates, with the seeds 0, 1, ..."""
    draws = (np.random.default_rng(seed) for seed in range(count))
    drawn = [network.init_values(work.x.shape[1], work.hidden, rng) for rng in draws]
    return np.stack(drawn).astype(np.float32)


def orders(work: Work, count: int) -> NDArray[np.int64]:
    """The orders (K, E, N) in which our engines take the rows, for the seeds 0, 1, ..."""
    seeds = np.arange(count, dtype=np.uint64)
    epochs = [order.orders(seeds, epoch + 1, len(work.y)) for epoch in range(work.epochs)]
    return np.stack(epochs, axis=1)


def losses(work: Work, params: Floats) -> NDArray[np.float64]:
    """Mean squared errors (K, 2) of the training and validation rows."""
    found = []
    for flat in params.astype(np.float64):
        layers = network.unflatten(flat, work.x.shape[1], work.hidden)
        both = ((work.x, work.y), (work.x_val, work.y_val))
        found.append([((network.forward(layers, x) - y) ** 2).mean() for x, y in both])
    return np.array(found)
