"""Part 4: the memorizer, which is right on what it has seen and knows nothing else."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from telling.rows import Lesson, lesson_of
from viewcast.models.memorizer import Memorizer
from viewcast.scoring.scores import Score


@dataclass(frozen=True)
class Memory:
    """The losses of a memorizer of the first ``remembered`` lectures.

    ``chance``: validation loss of the same function before it has seen anything.
    """

    remembered: int
    train_loss: float
    validation: Score
    chance: float


@dataclass(frozen=True)
class Memorizers:
    """Minutes of lectures by heart; learnt from the course of 2021, validated on that of 2025."""

    lesson: Lesson

    @classmethod
    def of(cls, root: Path) -> "Memorizers":
        """The lecture's f_lazy, and f_lazy2 where it is shown the validation lectures as well."""
        return cls(lesson_of(root, "lectures_course_memorizer"))

    @property
    def rows(self) -> int:
        """How many lectures there are to remember."""
        return len(self.lesson.problem.train)

    def remembering(self, count: int, leak: bool) -> Memory:
        """After ``count`` training lectures; ``leak``: it has seen the validation lectures too."""
        problem, model = self.lesson.problem, self.lesson.model
        assert isinstance(model, Memorizer)
        if leak:
            model = replace(model, remembers=["train", "validation"])
        fitted = model.look_up(problem.train.head(count), problem.validation)
        nothing = self.lesson.model.look_up(problem.train.head(0), problem.validation)
        return Memory(
            count,
            self.lesson.train_loss(fitted),
            self.lesson.validation(fitted),
            self.lesson.validation(nothing).mean,
        )

    def courses(self, leak: bool) -> pd.DataFrame:
        """Both losses (columns remembered, train_loss, val_loss) for every number of lectures."""
        found = [self.remembering(count, leak) for count in range(self.rows + 1)]
        return pd.DataFrame(
            {
                "remembered": [one.remembered for one in found],
                "train_loss": [one.train_loss for one in found],
                "val_loss": [one.validation.mean for one in found],
            }
        )
