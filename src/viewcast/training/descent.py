"""The training loop: epochs of updates, the loss after each, the best kept.

Shape letters: N training rows, M validation rows, F features, P parameters, E epochs, B batch rows.
Nothing here knows MLflow, Hydra or files other than the checkpoint.
"""

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from viewcast.errors import DivergenceError
from viewcast.models import network
from viewcast.models.scaling import Scaling, Vector
from viewcast.training import checkpoint, optimiser
from viewcast.training.problem import Problem

if TYPE_CHECKING:
    from viewcast.training.gradient_descent import GradientDescent


@dataclass(frozen=True)
class Descent:
    """Parameters kept (P,), loss curve, the epoch they are from, and the path if asked for."""

    flat: Vector
    curve: pd.DataFrame
    best_epoch: int
    path: pd.DataFrame


@dataclass
class State:
    """All that changes during training, and all that a checkpoint must hold."""

    flat: Tensor  # (P,)
    memory: optimiser.Memory
    best: Tensor  # (P,)
    best_loss: float
    best_epoch: int
    epoch: int
    step: int
    curve: list[tuple[float, float]]  # training and validation loss, one pair per epoch
    path: list[Tensor]  # (P,) after each update
    order: torch.Generator

    def tensors(self) -> dict[str, Tensor]:
        """The part of a checkpoint that is arrays."""
        return {
            "flat": self.flat,
            "best": self.best,
            "curve": torch.tensor(self.curve, dtype=torch.float64).reshape(-1, 2),
            "path": torch.stack(self.path) if self.path else torch.empty(0),
            "order": self.order.get_state(),
            **self.memory,
        }

    def numbers(self) -> dict[str, float]:
        """The part of a checkpoint that is plain numbers."""
        return {
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "epoch": self.epoch,
            "step": self.step,
        }

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, float]) -> None:
        """Go back to a checkpoint."""
        self.flat.copy_(tensors["flat"])
        self.best = tensors["best"]
        self.memory = {name: tensors[name] for name in self.memory}
        self.curve = [(float(a), float(b)) for a, b in tensors["curve"]]
        self.path = list(tensors["path"])
        self.order.set_state(tensors["order"])
        self.best_loss = numbers["best_loss"]
        self.best_epoch, self.epoch = int(numbers["best_epoch"]), int(numbers["epoch"])
        self.step = int(numbers["step"])


def descend(
    problem: Problem,
    settings: "GradientDescent",
    hidden: tuple[int, ...],
    scaling: Scaling,
    start: Vector,
) -> Descent:
    """Train from ``start`` (P,) in the scaled units; losses of the curve are in raw units.

    Goes on from the problem's checkpoint where there is one, to bit-equal results. Raises
    DivergenceError, with step and learning rate, when the training loss is not finite or has
    grown ``settings.explode`` times over its value at the start.
    """
    torch.set_num_threads(problem.threads)  # it changes the last bits of a sum
    dtype = getattr(torch, settings.precision)
    x, y = _scaled(problem, problem.train, scaling, dtype)
    x_val, y_val = _scaled(problem, problem.validation, scaling, dtype)
    rows = len(x)
    batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
    raw_units = problem.loss.rescale(scaling.y_std)

    flat = torch.tensor(start, dtype=dtype)
    layers = network.unflatten(flat, x.shape[-1], hidden)  # views: they follow the updates
    slope = torch.empty_like(flat)
    slopes = network.unflatten(slope, x.shape[-1], hidden)

    def mean_loss(features: Tensor, target: Tensor) -> float:
        if not len(target):
            return math.nan
        value = problem.loss.rows(network.forward(layers, features), target).mean()
        return float(value) * raw_units

    order = torch.Generator().manual_seed(problem.seed)
    state = State(
        flat, optimiser.empty_memory(flat), flat.clone(), math.inf, 0, 0, 0, [], [], order
    )
    limit = settings.explode * max(mean_loss(x, y), raw_units)
    saved = checkpoint.read(problem.checkpoint, problem.identity)
    if saved is not None:
        state.restore(*saved)
        for epoch, losses in enumerate(state.curve, start=1):
            problem.on_epoch(epoch, losses[0], _or_none(losses[1]))
    last_write = time.monotonic()

    while state.epoch < settings.epochs and not _out_of_patience(state, settings.patience):
        shuffled = torch.randperm(rows, generator=order) if settings.shuffle else None
        xs, ys = (x, y) if shuffled is None else (x[shuffled], y[shuffled])
        for xb, yb in zip(xs.split(batch), ys.split(batch), strict=True):
            values = network.activations(layers, xb)
            by_row = problem.loss.slope(values[-1][..., 0], yb) / len(yb)
            for into, derived in zip(slopes, network.gradient(layers, values, by_row), strict=True):
                into[0].copy_(derived[0])
                into[1].copy_(derived[1])
            state.step += 1
            if settings.optimiser == "adam":
                optimiser.adam(
                    flat,
                    slope,
                    state.memory,
                    settings.lr,
                    settings.momentum,
                    settings.beta2,
                    state.step,
                )
            else:
                optimiser.sgd(flat, slope, state.memory, settings.lr, settings.momentum)
            if settings.keep_path:
                state.path.append(flat.clone())
        state.epoch += 1
        train_loss, val_loss = mean_loss(x, y), mean_loss(x_val, y_val)
        state.curve.append((train_loss, val_loss))
        problem.on_epoch(state.epoch, train_loss, _or_none(val_loss))
        if not train_loss <= limit:
            raise DivergenceError(
                f"diverged at step {state.step} (epoch {state.epoch}) with learning rate "
                f"{settings.lr:g}: training loss {train_loss:.4g} after {limit / settings.explode:.4g} "
                "at the start; try a smaller trainer.lr"
            )
        if settings.keep == "last" or val_loss < state.best_loss:
            state.best.copy_(flat)
            state.best_loss, state.best_epoch = val_loss, state.epoch
        if problem.checkpoint and time.monotonic() - last_write >= settings.checkpoint_seconds:
            checkpoint.write(problem.checkpoint, state.tensors(), state.numbers(), problem.identity)
            last_write = time.monotonic()

    curve = pd.DataFrame(state.curve, columns=["train_loss", "val_loss"], dtype=np.float64)
    curve.insert(0, "epoch", np.arange(1, len(curve) + 1))
    kept = state.best.numpy().astype(np.float64)
    return Descent(kept, curve, state.best_epoch, _path(state.path))


def _scaled(
    problem: Problem, rows: pd.DataFrame, scaling: Scaling, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    x = torch.as_tensor(scaling.inputs(problem.x(rows)), dtype=dtype)
    return x, torch.as_tensor(scaling.targets(problem.y(rows)), dtype=dtype)


def _out_of_patience(state: State, patience: int | None) -> bool:
    return patience is not None and state.epoch - state.best_epoch >= patience


def _or_none(loss: float) -> float | None:
    return None if math.isnan(loss) else loss


def _path(path: list[Tensor]) -> pd.DataFrame:
    if not path:
        return pd.DataFrame()
    values = torch.stack(path).double().numpy()
    columns = [f"p{i}" for i in range(values.shape[1] - 1)] + ["b"]
    frame = pd.DataFrame(values, columns=columns)
    frame.insert(0, "update", np.arange(1, len(frame) + 1))
    return frame
