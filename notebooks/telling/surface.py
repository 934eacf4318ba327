"""Part 1: the loss surface of a line, and the path of gradient descent across it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from telling.rows import Lesson, lesson_of, mean_and_error
from viewcast.base.errors import DivergenceError
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.training.grid_search import Grid, GridSearch
from viewcast.training.least_squares import LeastSquares
from viewcast.training.problem import Trained

W, B = Grid(low=0, high=3, points=76), Grid(low=0, high=20, points=51)
RATES = [1e-5, 3e-5, 1e-4, 2e-4, 4e-4, 5e-4, 6e-4, 7e-4, 1e-3]
UPDATES = [1, 2, 3, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000]
BATCHES = [1, 2, 5, 17]
SEEDS = 5  # orders of the rows, where a batch is a part of them
POINTS = 300  # of a path that is drawn


@dataclass(frozen=True)
class Surface:
    """What no slider changes: the loss at every (w, b), and the least-squares line."""

    root: Path
    lesson: Lesson
    losses: pd.DataFrame
    w: float
    b: float
    least: float

    @classmethod
    def of(cls, root: Path) -> "Surface":
        """The surface of the line over the pages of the lectures of 2021."""
        lesson = lesson_of(root, "lectures_descent")
        problem, model = lesson.problem, lesson.model
        losses = GridSearch(name="grid_search", w=W, b=B).fit(problem, model).surface
        line = LeastSquares(name="least_squares").fit(problem, model).model
        figures = line.figures()
        return cls(root, lesson, losses, figures["w"], figures["b"], lesson.train_loss(line))

    @property
    def rows(self) -> int:
        """How many lectures are learnt from."""
        return len(self.lesson.problem.train)

    def descent(
        self, rate: float, start: tuple[float, float], batch: int, updates: int
    ) -> "Descent":
        """Gradient descent from ``start`` (w, b); in parts of the rows, for several orders."""
        full = batch >= self.rows
        trainer = replace(
            self.lesson.trainer,
            lr=rate,
            init=list(start),
            batch_size="full" if full else batch,
            shuffle=not full,
            epochs=-(-updates // -(-self.rows // batch)),
        )
        paths, worst = [], None
        for seed in range(1 if full else SEEDS):
            problem = replace(self.lesson.problem, seed=seed)
            try:
                trained: Trained = trainer.fit(problem, self.lesson.model)
                paths.append(trained.path.head(updates))
            except DivergenceError as error:
                ended, last = error.path.head(updates), error.curve.iloc[-1]
                worst = worst or (len(ended), float(last["train_loss"]))
                paths.append(ended)
        drawn = _thinned(paths[0], start)
        if worst is not None:
            return Descent(drawn, worst[0], worst[1], None, True)
        losses = [self._loss(path) for path in paths]
        loss, error_ = (losses[0], None) if full else mean_and_error(losses)
        return Descent(drawn, updates, loss, error_, False)

    def _loss(self, path: pd.DataFrame) -> float:
        params = path[["p0", "b"]].iloc[-1].to_numpy(np.float64)
        inputs = self.lesson.problem.inputs
        return self.lesson.train_loss(FittedNetwork(inputs, (), params, Scaling.identity(1)))


@dataclass(frozen=True)
class Descent:
    """A path (columns update, w, b) and the training loss after ``updates``.

    ``error``: standard error over orders of the rows, None where there is one order.
    """

    path: pd.DataFrame
    updates: int
    loss: float
    error: float | None
    diverged: bool

    @property
    def end(self) -> tuple[float, float]:
        """The last w and b."""
        last = self.path.iloc[-1]
        return float(last["w"]), float(last["b"])


def _thinned(path: pd.DataFrame, start: tuple[float, float]) -> pd.DataFrame:
    """The start and at most ``POINTS`` updates, the first ones dense: they move the most."""
    kept = np.unique(np.geomspace(1, len(path), POINTS).round().astype(int)) - 1
    drawn = path.iloc[kept].rename(columns={"p0": "w"})[["update", "w", "b"]]
    first = pd.DataFrame({"update": [0], "w": [start[0]], "b": [start[1]]})
    return pd.concat([first, drawn], ignore_index=True)
