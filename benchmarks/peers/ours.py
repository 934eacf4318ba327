"""The same work by this project's own engines."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peers.work import LR, Floats, Work
from viewcast.scoring.loss import MSE
from viewcast.training.candidate import Candidate
from viewcast.training.descent import descend
from viewcast.training.engine import Descent
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem

SETTINGS: dict[str, Any] = {
    "name": "gradient_descent",
    "lr": LR,
    "shuffle": True,
    "init": "random",
    "optimizer": "adam",
    "momentum": 0.9,
    "beta2": 0.999,
    "weight_decay": 0,
    "row_share": 1,
    "feature_share": 1,
    "standardise": False,  # the rows are, for everyone
    "precision": "float32",
    "train_loss": "during",
    "restore_best": True,
    "patience": None,
    "divergence_factor": 1e6,
    "keep_path": False,
    "checkpoint_seconds": 5,
    "engine": "auto",
    "sample_weight": None,
}


def fit(work: Work, starts: Floats, orders: NDArray[Any] | None = None, **settings: Any) -> Floats:
    """The parameters of the best epoch; orders are the engine's own, from the seeds 0, 1, ..."""
    return np.stack([descent.params for descent in descents(work, starts, **settings)])


def descents(
    work: Work, starts: Floats, device: str = "cpu", workers: int = 1, **settings: Any
) -> list[Descent]:
    """All that is known of each candidate. Both losses of every epoch always are."""
    trainer = GradientDescent(
        **SETTINGS | {"batch_size": work.batch, "epochs": work.epochs} | settings
    )
    problem = problem_of(work, device)
    everyone = [Candidate(trainer, seed, start) for seed, start in enumerate(starts)]
    scaling = trainer.scaling(problem)
    return descend(problem, everyone, work.hidden, scaling, lambda *_: None, workers)


def problem_of(work: Work, device: str = "cpu") -> Problem:
    """The rows as a data set of the project."""
    inputs = [f"x{i}" for i in range(work.x.shape[1])]
    train, validation = (
        pd.concat(
            [pd.DataFrame(x, columns=inputs, copy=False), pd.Series(y, name="target")], axis=1
        )
        for x, y in ((work.x, work.y), (work.x_val, work.y_val))
    )
    return Problem(train, validation, inputs, MSE(), 0, 1, "bench", device=device)
