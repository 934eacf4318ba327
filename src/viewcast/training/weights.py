"""How much each training row counts.

Shape letters: N training rows.
"""

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError
from viewcast.training.problem import Problem, Vector


def row_weights(problem: Problem, column: str | None) -> Vector | None:
    """The weights (N,) in a column of the training rows, in units of their mean; None without one.

    Refuses (ConfigError) a column that the rows lack, and weights that are not numbers of at least
    0, or all 0.
    """
    if column is None:
        return None
    if column not in problem.train:
        raise ConfigError(
            f"trainer.sample_weight = {column}: the training rows have no such column; "
            f"they have {', '.join(problem.train.columns)}"
        )
    given = pd.to_numeric(problem.train[column], errors="coerce")
    weights: Vector = given.to_numpy(np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        place = int(wrong.argmax())
        raise ConfigError(
            f"trainer.sample_weight = {column}: {wrong.sum():,} of {len(weights):,} training rows "
            f"have no weight; found {problem.train[column].iloc[place]} for row "
            f"{problem.train['row'].iloc[place]}, expected numbers of at least 0"
        )
    if not weights.any():
        raise ConfigError(
            f"trainer.sample_weight = {column}: all weights are 0; expected some above 0"
        )
    in_means: Vector = weights / weights.mean()
    return in_means
