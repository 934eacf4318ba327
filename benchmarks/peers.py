"""The same work as others do it: a plain PyTorch loop, PyTorch Lightning, scikit-learn.

Each as its own documentation shows it, on one thread, with rows in float32 (for scikit-learn that
is the quicker choice). A library that is not installed is left out: install the extra ``peers``.
"""

import logging
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

LR = 1e-3
Predict = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Work:
    """Rows x (N, F), y (N,) and validation rows, hidden layers, rows per update, epochs."""

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor
    hidden: tuple[int, ...]
    batch: int
    epochs: int

    @property
    def updates(self) -> int:
        """Updates of one model."""
        return self.epochs * math.ceil(len(self.y) / self.batch)


Fit = Callable[[Work, int], Predict]


def _network(work: Work) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((work.x.shape[1], *work.hidden)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(work.hidden[-1], 1))


def _predict(net: nn.Module) -> Predict:
    def predict(x: Tensor) -> Tensor:
        with torch.no_grad():
            return net(x).squeeze(-1)

    return predict


def plain(work: Work, seed: int, each_epoch: Callable[[Predict], None] | None = None) -> Predict:
    """The usual loop; for ``each_epoch`` it also adds up the training loss, batch by batch."""
    torch.manual_seed(seed)
    net = _network(work)
    optimizer = torch.optim.Adam(net.parameters(), lr=LR)
    measure = nn.MSELoss()
    x, y = work.x, work.y.unsqueeze(-1)
    for _ in range(work.epochs):
        order = torch.randperm(len(x))
        total = 0.0
        for first in range(0, len(x), work.batch):
            index = order[first : first + work.batch]
            optimizer.zero_grad()
            loss = measure(net(x[index]), y[index])
            loss.backward()
            optimizer.step()
            if each_epoch:
                total += loss.item() * len(index)
        if each_epoch:
            each_epoch(_predict(net))
    return _predict(net)


def plain_validated(work: Work, seed: int) -> list[float]:
    """The usual loop with the validation loss of every epoch."""
    losses: list[float] = []
    plain(work, seed, lambda predict: losses.append(_mse(predict, work)))
    return losses


def _mse(predict: Predict, work: Work) -> float:
    return nn.functional.mse_loss(predict(work.x_val), work.y_val).item()


# Imported where needed, not above: they would be a large part of the memory that is measured.
# ruff: noqa: PLC0415


def with_lightning(work: Work, seed: int) -> Predict:
    """A module, a loader, a trainer that neither logs nor stores."""
    import lightning
    from lightning.pytorch.utilities.warnings import PossibleUserWarning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    # It advises worker processes; for rows in memory they cost more than they bring.
    warnings.filterwarnings("ignore", category=PossibleUserWarning)
    warnings.filterwarnings("ignore", ".*LeafSpec")  # torch, about Lightning's own code

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = _network(work)

        def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
            x, y = batch
            return nn.functional.mse_loss(self.net(x).squeeze(-1), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=LR)

    torch.manual_seed(seed)
    module = Module()
    loader = DataLoader(TensorDataset(work.x, work.y), work.batch, shuffle=True)
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=work.epochs,
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    trainer.fit(module, loader)
    return _predict(module.net)


def with_sklearn(work: Work, seed: int, start: str = "its own") -> Predict:
    """One call of ``fit``, its own stopping rules switched off."""
    fitted = _regressor(work, seed, start).fit(work.x.numpy(), work.y.numpy())
    assert fitted.n_iter_ == work.epochs
    return lambda x: torch.as_tensor(fitted.predict(x.numpy()))


def sklearn_as_torch(work: Work, seed: int) -> Predict:
    """The same from a start drawn as torch draws it."""
    return with_sklearn(work, seed, "torch")


def sklearn_validated(work: Work, seed: int) -> list[float]:
    """``partial_fit`` and ``predict`` for every epoch."""
    x, y, x_val, y_val = (t.numpy() for t in (work.x, work.y, work.x_val, work.y_val))
    regressor = _regressor(work, seed, "its own")
    losses = []
    for _ in range(work.epochs):
        regressor.partial_fit(x, y)
        losses.append(float(np.square(regressor.predict(x_val) - y_val).mean()))
    return losses


def _regressor(work: Work, seed: int, start: str) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # numpy's library of matrix products asks nobody else
    warnings.filterwarnings("ignore", category=ConvergenceWarning)  # epochs are what is fixed

    class StartAsTorch(MLPRegressor):
        """Its own start is wider (Glorot); this one draws as torch.nn.Linear does."""

        def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[Any, Any]:
            bound, draw = 1 / math.sqrt(fan_in), self._random_state.uniform
            weight, bias = (draw(-bound, bound, shape) for shape in ((fan_in, fan_out), fan_out))
            return weight.astype(dtype), bias.astype(dtype)

    return (StartAsTorch if start == "torch" else MLPRegressor)(
        hidden_layer_sizes=work.hidden,
        alpha=0,
        batch_size=work.batch,
        learning_rate_init=LR,
        max_iter=work.epochs,
        n_iter_no_change=10**9,
        tol=0,
        random_state=seed,
    )


PEERS: dict[str, Fit] = {"plain": plain}
VALIDATED: dict[str, Callable[[Work, int], list[float]]] = {"plain": plain_validated}
SAME_START: dict[str, Fit] = {}
if find_spec("lightning"):
    PEERS["Lightning"] = with_lightning
if find_spec("sklearn"):
    PEERS["scikit-learn"] = with_sklearn
    VALIDATED["scikit-learn"] = sklearn_validated
    SAME_START["scikit-learn, start as torch"] = sklearn_as_torch
MISSING = {"Lightning", "scikit-learn"} - PEERS.keys()
