"""A recipe: a configured model and its number of epochs, to be trained on any window of days."""

from dataclasses import dataclass

import pandas as pd

from viewcast.models.fitted import Fitted
from viewcast.training.config import Config
from viewcast.training.device import device_of
from viewcast.training.problem import Problem


@dataclass(frozen=True)
class Recipe:
    """``inputs``: the features. ``epochs``: the number of passes that was best on the validation
    days; a training on all days has no validation days to choose it by. Trainers without epochs
    ignore it.
    """

    config: Config
    inputs: list[str]
    epochs: int

    def fit(self, rows: pd.DataFrame) -> Fitted:
        """Train on rows of the prepared table. Raises DivergenceError as training does."""
        config = self.config
        shown = rows[["row", "target", *self.inputs]].reset_index(drop=True)
        problem = Problem(
            train=shown,
            validation=shown.iloc[:0],
            inputs=self.inputs,
            loss=config.loss,
            seed=config.seed,
            threads=config.threads,
            identity=config.identity(),
            device=device_of(config.device),
        )
        trainer = config.trainer.for_epochs(self.epochs)
        trainer.check(problem, config.model)
        fitted: Fitted = trainer.fit(problem, config.model).model
        return fitted
