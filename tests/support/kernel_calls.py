"""Small trainings by the kernel itself, and the same by a plain reading of its rules in numpy.

Shape letters: N training rows, M validation rows, F features, O outputs, P₀ parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.scoring.loss import MSE, Loss
from viewcast.training.compiled import machine
from viewcast.training.compiled.call import NEVER, Call, Kernel, new_arrays, new_books, settings_of
from viewcast.training.compiled.layout import Layout
from viewcast.training.order import orders

Array = NDArray[Any]


@cache
def kernel() -> Kernel:
    return machine.kernel()


@dataclass
class Case:
    """What is trained: the shape of the work, and how."""

    rows: int = 40
    val: int = 9
    features: int = 3
    hidden: tuple[int, ...] = (5,)
    outputs: int = 1
    batch: int = 8
    epochs: int = 4
    shuffle: bool = True
    adam: bool = True
    during: bool = False
    weighted: bool = False
    chosen: list[int] | None = None  # the rows that the candidate learns from
    unseen: list[int] = field(default_factory=list)  # features hidden from it
    restore_best: bool = True
    patience: int = NEVER
    cell: int = 1
    keep_path: bool = False
    loss: Loss = field(default_factory=MSE)
    shift: float = 0.0
    scale: float = 1.0
    factor: float = 1.0
    lr: float = 0.01
    weight_decay: float = 0.0
    divergence_factor: float = 1e6

    @property
    def layout(self) -> Layout:
        return Layout.of(self.features, self.hidden, self.outputs)

    @property
    def learnt(self) -> Array:
        return np.arange(self.rows) if self.chosen is None else np.array(self.chosen)

    def data(self) -> tuple[Array, Array, Array, Array, Array]:
        """x (N, F), y (N, O), weight (N,), x_val (M, F), y_val (M, O)."""
        rng = np.random.default_rng(3)
        x, x_val = (rng.normal(size=(n, self.features)) for n in (self.rows, self.val))
        slopes = rng.normal(size=(self.features, self.outputs))
        y, y_val = (3 + np.abs(each @ slopes) for each in (x, x_val))
        weight = rng.integers(0, 4, self.rows) if self.weighted else np.ones(self.rows)
        return x, y, weight / max(weight.mean(), 0.1), x_val, y_val

    def init(self) -> Array:
        """Initial parameters (P₀,), 0 for the first weights of features that are not seen."""
        rng, sizes = np.random.default_rng(4), (self.features, *self.hidden, self.outputs)
        layers = [
            (rng.normal(size=(i, o)) / i**0.5, rng.normal(size=o)) for i, o in pairwise(sizes)
        ]
        layers[0][0][self.unseen] = 0
        return np.concatenate([part.ravel() for layer in layers for part in layer])


def call_of(case: Case) -> Call:
    """The call that trains the case, with nothing done yet."""
    layout, rows = case.layout, len(case.learnt)
    batch = min(case.batch, rows)
    settings = settings_of(
        all_rows=case.rows, rows=rows, validation_rows=case.val, outputs=case.outputs,
        width=layout.width, stride=layout.stride, layers=len(case.hidden),
        parameters=layout.parameters,
        hidden=layout.hidden, transposed=layout.transposed, epochs=case.epochs, batch=batch,
        patience=case.patience, cell=case.cell, shuffle=case.shuffle and batch < rows,
        subset=case.chosen is not None, masked=bool(case.unseen), weighted=case.weighted,
        adam=case.adam, during=case.during, restore_best=case.restore_best,
        keep_path=case.keep_path, loss=machine.loss_address(case.loss), seed=11, lr=case.lr,
        momentum=0.9, beta2=0.999, weight_decay=case.weight_decay,
        divergence_factor=case.divergence_factor, shift=case.shift, scale=case.scale,
        factor=case.factor,
    )  # fmt: skip
    arrays = new_arrays(settings, ("rows", "own", "state", "results", "work"))
    x, y, weight, x_val, y_val = case.data()
    arrays["x"][: case.rows, : case.features], arrays["y"][: case.rows] = x, y
    arrays["x_val"][: case.val, : case.features], arrays["y_val"][: case.val] = x_val, y_val
    arrays["weight"][:] = weight[: len(arrays["weight"])]
    arrays["layers"][:] = layout.layers
    arrays["chosen"][:] = case.learnt[: len(arrays["chosen"])]
    arrays["mask"][: case.features] = 1
    if case.unseen:
        arrays["mask"][case.unseen] = 0
    arrays["params"][:] = layout.pack(case.init())
    return Call(settings, new_books(), arrays)


def trained(case: Case, budget: int = 1_000_000) -> Call:
    """The case trained to its end, by slices of so many blocks."""
    call = call_of(case)
    while not call.ended:
        call(kernel(), budget)
    return call


@dataclass
class Plain:
    """The curve (E, 2), parameters (P₀,) after every update, best epoch, trajectory (E, cells)."""

    curve: list[tuple[float, float]] = field(default_factory=list)
    path: list[Array] = field(default_factory=list)
    best_epoch: int = 0
    best: Array = field(default_factory=lambda: np.zeros(0))
    trajectory: list[list[float]] = field(default_factory=list)


def plain(case: Case) -> Plain:
    """All epochs of the case in double precision, written as the rules say, but for divergence."""
    x, y, weight, x_val, y_val = case.data()
    of = case.learnt
    seen = np.isin(np.arange(case.features), case.unseen, invert=True)
    x, y, weight, params = x[of] * seen, y[of], weight[of], case.init()
    first, second, updates = np.zeros_like(params), np.zeros_like(params), 0
    found, batch, best_loss = Plain(best=params), min(case.batch, len(of)), np.inf
    for epoch in range(1, case.epochs + 1):
        order = np.arange(len(of))
        if case.shuffle and batch < len(of):
            (order,) = orders(np.array([11], np.uint64), epoch, len(of))
        during = []
        for rows in (order[start : start + batch] for start in range(0, len(of), batch)):
            losses, gradient = _losses_and_gradient(case, params, x[rows], y[rows], weight[rows])
            during += list(losses)
            updates += 1
            gradient = gradient + case.weight_decay * params
            if case.adam:
                first = 0.9 * first + 0.1 * gradient
                second = 0.999 * second + 0.001 * gradient**2
                root = np.sqrt(second / (1 - 0.999**updates)) + 1e-8
                params = params - case.lr * first / (1 - 0.9**updates) / root
            else:
                first = 0.9 * first + gradient
                params = params - case.lr * first
            found.path.append(params)
        after, _ = _losses_and_gradient(case, params, x, y, weight)
        val, _ = _losses_and_gradient(case, params, x_val, y_val, np.ones(case.val))
        train = np.mean(during if case.during else after) * case.factor
        mean = np.mean(val) * case.factor if case.val else np.nan
        found.curve.append((train, mean))
        cells = range(0, case.val, case.cell) if case.cell else ()
        found.trajectory.append([np.mean(val[c : c + case.cell]) * case.factor for c in cells])
        if not case.restore_best or mean < best_loss:
            best_loss, found.best_epoch, found.best = mean, epoch, params
        if epoch - found.best_epoch >= case.patience:
            break
    return found


def _losses_and_gradient(
    case: Case, params: Array, x: Array, y: Array, weight: Array
) -> tuple[Array, Array]:
    """The loss of each row, and the derivative of their weighted mean by the parameters."""
    layers, parts = list(_layers(case, params)), []
    inputs = [x]
    for w, b in layers[:-1]:
        inputs.append(np.maximum(0, inputs[-1] @ w + b))
    outputs = inputs[-1] @ layers[-1][0] + layers[-1][1]
    slope: Any = np.vectorize(case.loss.slope, otypes=[float, float])  # type: ignore[attr-defined]
    losses, slopes = slope(case.shift + case.scale * outputs, y) if len(x) else (y, y)
    delta = case.scale * slopes * weight[:, np.newaxis] / max(1, len(x) * case.outputs)
    for (w, _), below in zip(layers[::-1], inputs[::-1], strict=True):
        parts = [(below.T @ delta).ravel(), delta.sum(0), *parts]
        delta = (delta @ w.T) * (below > 0)
    return losses.mean(1), np.concatenate(parts)


def _layers(case: Case, params: Array) -> Iterator[tuple[Array, Array]]:
    start = 0
    for i, o in pairwise((case.features, *case.hidden, case.outputs)):
        yield params[start : start + i * o].reshape(i, o), params[start + i * o :][:o]
        start += i * o + o
