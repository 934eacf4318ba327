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
from viewcast.loss import Loss
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

    @classmethod
    def first(cls, flat: Tensor, seed: int) -> "State":
        """Before any update; ``flat`` is kept and changed in place."""
        order = torch.Generator().manual_seed(seed)
        memory = optimiser.empty_memory(flat)
        return cls(flat, memory, flat.clone(), math.inf, 0, 0, 0, [], [], order)

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


@dataclass(frozen=True)
class Scene:
    """What does not change: rows in scaled units, and views into the parameters and their slope.

    The views follow the updates, which are made in place on ``State.flat``.
    """

    x: Tensor  # (N, F)
    y: Tensor  # (N,)
    x_val: Tensor  # (M, F)
    y_val: Tensor  # (M,)
    layers: network.Layers
    slope: Tensor  # (P,)
    slopes: network.Layers
    loss: Loss
    raw_units: float

    def train_loss(self) -> float:
        """Mean loss of the training rows, in raw units."""
        return self._mean(self.x, self.y)

    def val_loss(self) -> float:
        """Mean loss of the validation rows, in raw units; NaN without rows."""
        return self._mean(self.x_val, self.y_val) if len(self.y_val) else math.nan

    def _mean(self, x: Tensor, y: Tensor) -> float:
        mean = self.loss.rows(network.forward(self.layers, x), y).mean()
        return float(mean) * self.raw_units


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
    torch.set_num_threads(problem.threads)  # their number changes the last bits of a sum
    dtype = getattr(torch, settings.precision)
    flat = torch.tensor(start, dtype=dtype)
    scene = _scene(problem, hidden, scaling, flat)
    state = State.first(flat, problem.seed)
    start_loss = scene.train_loss()
    limit = settings.explode * max(start_loss, scene.raw_units)
    saved = checkpoint.read(problem.checkpoint, problem.identity)
    if saved is not None:
        state.restore(*saved)
        for epoch, losses in enumerate(state.curve, start=1):
            problem.on_epoch(epoch, losses[0], _or_none(losses[1]))
    last_write = time.monotonic()

    while state.epoch < settings.epochs and not _out_of_patience(state, settings.patience):
        _one_epoch(scene, state, settings)
        train_loss, val_loss = scene.train_loss(), scene.val_loss()
        state.curve.append((train_loss, val_loss))
        problem.on_epoch(state.epoch, train_loss, _or_none(val_loss))
        lost = settings.keep == "best" and not math.isfinite(val_loss)
        if lost or not (train_loss <= limit and math.isfinite(train_loss)):
            raise DivergenceError(
                f"diverged at step {state.step} (epoch {state.epoch}) with learning rate "
                f"{settings.lr:g}: training loss {train_loss:.4g} after {start_loss:.4g} at the "
                "start; try a smaller trainer.lr",
                _curve(state),
                _path(state),
            )
        if settings.keep == "last" or val_loss < state.best_loss:
            state.best.copy_(state.flat)
            state.best_loss, state.best_epoch = val_loss, state.epoch
        if problem.checkpoint and time.monotonic() - last_write >= settings.checkpoint_seconds:
            checkpoint.write(problem.checkpoint, state.tensors(), state.numbers(), problem.identity)
            last_write = time.monotonic()

    kept = state.best.numpy().astype(np.float64)
    return Descent(kept, _curve(state), state.best_epoch, _path(state))


def _scene(problem: Problem, hidden: tuple[int, ...], scaling: Scaling, flat: Tensor) -> Scene:
    def scaled(rows: pd.DataFrame) -> tuple[Tensor, Tensor]:
        x = torch.as_tensor(scaling.inputs(problem.x(rows)), dtype=flat.dtype)
        return x, torch.as_tensor(scaling.targets(problem.y(rows)), dtype=flat.dtype)

    features, slope = len(problem.inputs), torch.empty_like(flat)
    return Scene(
        *scaled(problem.train),
        *scaled(problem.validation),
        layers=network.unflatten(flat, features, hidden),
        slope=slope,
        slopes=network.unflatten(slope, features, hidden),
        loss=problem.loss,
        raw_units=problem.loss.rescale(scaling.y_std),
    )


def _one_epoch(scene: Scene, state: State, settings: "GradientDescent") -> None:
    """One update per batch, over all training rows once."""
    rows = len(scene.y)
    batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
    x, y = scene.x, scene.y
    if settings.shuffle:
        order = torch.randperm(rows, generator=state.order)
        x, y = x[order], y[order]
    for first in range(0, rows, batch):
        yb = y[first : first + batch]
        values = network.activations(scene.layers, x[first : first + batch])
        by_row = scene.loss.slope(values[-1][..., 0], yb) / len(yb)
        derived = network.gradient(scene.layers, values, by_row)
        for (weight, bias), (of_weight, of_bias) in zip(scene.slopes, derived, strict=True):
            weight.copy_(of_weight)
            bias.copy_(of_bias)
        state.step += 1
        _update(scene, state, settings)
        if settings.keep_path:
            state.path.append(state.flat.clone())
    state.epoch += 1


def _update(scene: Scene, state: State, settings: "GradientDescent") -> None:
    flat, memory, lr = state.flat, state.memory, settings.lr
    if settings.optimiser == "sgd":
        optimiser.sgd(flat, scene.slope, memory, lr, settings.momentum)
    else:
        betas = (settings.momentum, settings.beta2)
        optimiser.adam(flat, scene.slope, memory, lr, betas, state.step)


def _out_of_patience(state: State, patience: int | None) -> bool:
    return patience is not None and state.epoch - state.best_epoch >= patience


def _or_none(loss: float) -> float | None:
    return None if math.isnan(loss) else loss


def _curve(state: State) -> pd.DataFrame:
    frame = pd.DataFrame(state.curve, columns=["train_loss", "val_loss"], dtype=np.float64)
    frame.insert(0, "epoch", np.arange(1, len(frame) + 1))
    return frame


def _path(state: State) -> pd.DataFrame:
    if not state.path:
        return pd.DataFrame()
    values = torch.stack(state.path).double().numpy()
    columns = [f"p{i}" for i in range(values.shape[1] - 1)] + ["b"]
    frame = pd.DataFrame(values, columns=columns)
    frame.insert(0, "update", np.arange(1, len(frame) + 1))
    return frame
