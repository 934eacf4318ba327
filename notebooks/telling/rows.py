"""Configurations of the pipeline and their rows, made in memory: nothing has to be run before."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.base.cli import compose
from viewcast.data import sealed
from viewcast.models.fitted import Fitted
from viewcast.scoring.scores import Score, score
from viewcast.training.config import Config, parse
from viewcast.training.problem import Problem
from viewcast.training.rows import Rows, problem_of, rows_of

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Lesson:
    """An experiment of ``conf/experiment/``: its configuration, its rows, what a trainer gets."""

    config: Config
    rows: Rows
    problem: Problem

    @property
    def trainer(self) -> Any:
        """The trainer that the experiment names."""
        return self.config.trainer

    @property
    def model(self) -> Any:
        """The model that the experiment names."""
        return self.config.model

    def train_loss(self, model: Fitted) -> float:
        """Mean loss on the training rows."""
        loss = self.problem.mean_loss(model, self.problem.train)
        assert loss is not None, "a lesson without training rows is refused by rows_of"
        return loss

    def validation(self, model: Fitted) -> Score:
        """Mean loss on the validation rows, with its standard error."""
        rows, data = self.problem.validation, self.config.data
        losses = self.config.loss.rows(model.predict(rows), self.problem.y(rows))
        scored = score(losses, data.block)
        assert scored is not None, "the lessons of the lecture have validation rows"
        return scored


@cache
def lesson_of(root: Path, experiment: str) -> Lesson:
    """The experiment on the embedded data below ``root``; the test rows stay sealed.

    Kept for all who look at the lecture: nobody may change what it returns. Raises DataError where
    the data are absent or damaged.
    """
    config = parse(compose(root, [f"experiment={experiment}"]))
    data = config.data
    whole = data.prepare(root)
    with TemporaryDirectory() as folder:
        own = Path(folder)
        sealed.write(whole, data.feature_lookback, own, data.name, config.preparation())
        rows = rows_of(config, own)
    return Lesson(config, rows, problem_of(config, rows))


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """Mean over independent trainings and its standard error, s/√n; at least two values."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
