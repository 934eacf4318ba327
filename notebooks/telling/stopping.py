"""Part 3: training and validation loss by epoch, and early stopping."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from telling.rows import Lesson, lesson_of, mean_and_error
from viewcast.scoring.scores import Score
from viewcast.training.problem import Trained
from viewcast.training.trainer import CohortMember

RATES = [1e-3, 3e-3, 1e-2, 3e-2]
UNITS = [1, 3, 10, 30, 100]
PATIENCE = [1, 5, 10, 20, 50, 100, 200]
SEEDS = 8  # initial weights, over which the gain is averaged


@dataclass(frozen=True)
class Course:
    """A training to its end, and the same stopped early.

    ``curve``: epoch, train_loss, val_loss. ``kept``: the epoch with the lowest validation loss
    until the training stopped at ``stopped``. ``gain``: by how much the validation loss is lower
    than at the end, mean over initial weights, with its standard error.
    """

    curve: pd.DataFrame
    kept: int
    stopped: int
    at_kept: Score
    at_end: Score
    gain: float
    gain_error: float

    @property
    def last(self) -> pd.Series:
        """The losses at the end."""
        return self.curve.iloc[-1]


@dataclass(frozen=True)
class Stopping:
    """A network over pages and words per page; the last five lectures of the course validate."""

    lesson: Lesson

    @classmethod
    def of(cls, root: Path) -> "Stopping":
        """The experiment that shows overfitting in the lecture."""
        return cls(lesson_of(root, "lectures_deep_words_per_page"))

    def train(self, units: int, rate: float, patience: int) -> Course:
        """Train to the end, and once more with early stopping."""
        long = replace(self.lesson.trainer, lr=rate)
        short = replace(long, restore_best=True, patience=patience)
        model = replace(self.lesson.model, units=units)
        problem, seed = self.lesson.problem, self.lesson.problem.seed
        to_end: Trained = long.fit(problem, model)
        early: Trained = short.fit(problem, model)
        members = [CohortMember(t, seed + s) for t in (long, short) for s in range(SEEDS)]
        outcomes = long.fit_cohort(problem, model, members, lambda _: None)
        losses = [self.lesson.validation(outcome.model).mean for outcome in outcomes]
        ended, kept = losses[:SEEDS], losses[SEEDS:]
        gain, error = mean_and_error([a - b for a, b in zip(ended, kept, strict=True)])
        return Course(
            to_end.curve,
            early.best_epoch,
            len(early.curve),
            self.lesson.validation(early.model),
            self.lesson.validation(to_end.model),
            gain,
            error,
        )
