"""Small problems of gradient descent, and comparison of what came of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from viewcast.models.deep import Deep
from viewcast.models.linear import Linear
from viewcast.scoring.loss import MSE
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem, Trained

LINE = Linear("linear", ["x0", "x1"])
DEEP = Deep("deep", ["x0", "x1"], units=6, layers=2)

SETTINGS: dict[str, Any] = {
    "name": "gradient_descent",
    "lr": 0.05,
    "batch_size": "full",
    "epochs": 30,
    "shuffle": False,
    "init": "random",
    "optimizer": "sgd",
    "momentum": 0.0,
    "beta2": 0.999,
    "weight_decay": 0.0,
    "row_share": 1.0,
    "feature_share": 1.0,
    "standardise": True,
    "precision": "float64",
    "train_loss": "after",
    "restore_best": False,
    "patience": None,
    "divergence_factor": 1e6,
    "keep_path": True,
    "checkpoint_seconds": 0.0,
    "engine": "auto",
    "sample_weight": None,
}

# Units in which an update is too small to see, and a rate at which it is too large to bear.
RAW: dict[str, Any] = {"standardise": False, "lr": 1e-9, "init": [0, 0, 0]}
TOO_FAST: dict[str, Any] = {"lr": 10.0, "epochs": 10_000}


def trainer(**changed: Any) -> GradientDescent:
    return GradientDescent(**{**SETTINGS, **changed})


def rows_of(seed: int, count: int, noise: float = 0.3, prefix: str = "r") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal([40, 3], [15, 1], size=(count, 2))
    target = 2 * x[:, 0] - 5 * x[:, 1] + 7 + noise * rng.normal(size=count)
    keys = [f"{prefix}{i}" for i in range(count)]
    return pd.DataFrame({"row": keys, "target": target, "x0": x[:, 0], "x1": x[:, 1]})


def problem(**changed: Any) -> Problem:
    made = Problem(
        train=rows_of(1, 13),
        validation=rows_of(2, 5, prefix="v"),
        inputs=["x0", "x1"],
        loss=MSE(),
        seed=5,
        threads=1,
        identity="this very run",
    )
    return replace(made, **changed)


def fit(given: Problem, model: Any = LINE, **changed: Any) -> Trained:
    return trainer(**changed).fit(given, model)


def assert_bit_equal(one: Trained, other: Trained) -> None:
    for name, array in one.model.arrays().items():
        assert array.tobytes() == other.model.arrays()[name].tobytes(), name
    pd.testing.assert_frame_equal(one.curve, other.curve, check_exact=True)
    pd.testing.assert_frame_equal(one.path, other.path, check_exact=True)
    assert one.best_epoch == other.best_epoch
