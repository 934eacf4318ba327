"""What every trainer is given, and what every trainer gives back.

Shape letters: N training rows, M validation rows, F features, O outputs, P parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.progress import OnEpoch, ignore_epoch
from viewcast.models.fitted import Fitted
from viewcast.scoring.loss import Loss

Vector = NDArray[np.float64]
BLOCK = 4_096  # rows that are converted at once, so that no second copy of all rows is made


@dataclass(frozen=True)
class Problem:
    """One model on one split of one data set, ready to be trained.

    ``train`` and ``validation`` hold the row key, the target and the model's features, in the
    units of the prepared table, without missing values; ``validation`` may be empty. ``outputs``:
    the columns that the model predicts; all but trainers by descent take the one target.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    inputs: list[str]
    loss: Loss
    seed: int
    threads: int
    identity: str
    checkpoint: Path | None = None
    device: str = "cpu"
    on_epoch: OnEpoch = ignore_epoch
    outputs: tuple[str, ...] = ("target",)

    def x(self, rows: pd.DataFrame) -> Vector:
        """Features (N, F)."""
        return rows[self.inputs].to_numpy(np.float64)

    def y(self, rows: pd.DataFrame) -> Vector:
        """Targets (N,)."""
        return rows["target"].to_numpy(np.float64)

    def targets(self, rows: pd.DataFrame) -> Vector:
        """Targets of all outputs (N, O)."""
        return rows[list(self.outputs)].to_numpy(np.float64)

    def blocks(self, rows: pd.DataFrame) -> Iterator[tuple[Vector, Vector]]:
        """Features (n, F) and targets (n, O) of so many rows at a time as ``BLOCK`` says."""
        for first in range(0, len(rows), BLOCK):
            part = rows.iloc[first : first + BLOCK]
            yield self.x(part), self.targets(part)

    def of_output(self, name: str) -> "Problem":
        """The same with one of its outputs as the only target; nothing is told of its epochs."""
        others = [other for other in self.outputs if other != name]
        return replace(
            self,
            train=self.train.drop(columns=others).rename(columns={name: "target"}),
            validation=self.validation.drop(columns=others).rename(columns={name: "target"}),
            identity=f"{self.identity}-{name}",
            outputs=("target",),
            on_epoch=ignore_epoch,
        )

    def mean_loss(self, model: Fitted, rows: pd.DataFrame) -> float | None:
        """Mean loss of a fitted model on some rows, over all outputs; None without rows."""
        if rows.empty:
            return None
        predicted = model.predict(rows).reshape(len(rows), -1)
        return float(self.loss.rows(predicted, self.targets(rows)).mean())


@dataclass(frozen=True)
class Trained:
    """A fitted model and how it came about.

    ``curve``: columns epoch, train_loss, val_loss (NaN without validation rows), one row per
    epoch. ``best_epoch``: the epoch whose parameters were kept. ``path``: the parameters after
    each update, where asked for. ``surface``: w, b, loss of every grid point, where searched.
    ``trajectory``: columns epoch (int32), losses (float32 array): the validation losses after every
    epoch in raw units, in cells where rows are many, for a model that was kept for them.
    """

    model: Fitted
    curve: pd.DataFrame
    best_epoch: int
    path: pd.DataFrame = field(default_factory=pd.DataFrame)
    surface: pd.DataFrame = field(default_factory=pd.DataFrame)
    trajectory: pd.DataFrame = field(default_factory=pd.DataFrame)


def at_once(problem: Problem, model: Fitted, surface: pd.DataFrame | None = None) -> Trained:
    """The result of a trainer that has no epochs: one point of a curve, epoch 1."""
    train_loss = problem.mean_loss(model, problem.train)
    val_loss = problem.mean_loss(model, problem.validation)
    assert train_loss is not None, "a problem without training rows is refused earlier"
    problem.on_epoch(1, train_loss, val_loss)
    curve = pd.DataFrame({"epoch": [1], "train_loss": [train_loss], "val_loss": [val_loss]})
    curve = curve.astype({"train_loss": "float64", "val_loss": "float64"})
    return Trained(model, curve, 1, surface=pd.DataFrame() if surface is None else surface)
