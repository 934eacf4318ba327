"""Problems that ask an engine of gradient descent for everything at once."""

from dataclasses import replace

import numpy as np

from support.cohorts import problem, rows_of
from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.scoring.msle import MSLE
from viewcast.scoring.smape import SMAPE
from viewcast.scoring.squared_relative import SquaredRelative
from viewcast.training.problem import Problem

LOSSES = [MSE(), MAE(), MSLE(), SMAPE(), SquaredRelative()]


def rich(
    loss: Loss, outputs: int, rows: int = 45, validated: int = 17, features: int = 5
) -> Problem:
    """Targets above 0, so many of them, and weights of rows (``count``), of which some are 0."""
    names = tuple(f"y{o}" for o in range(outputs))
    made = problem(rows=rows, features=features, loss=loss)
    made = replace(made, validation=rows_of(2, validated, features), outputs=names)
    for table in (made.train, made.validation):
        for o, name in enumerate(names):
            table[name] = 2 + table["target"].abs() * (1 + o)
        table["count"] = np.arange(1, len(table) + 1) % 4.0
    return made
