"""Small cohorts of candidates on random rows, and what their training leaves, to the bit."""

import os
import signal
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from support.descents import SETTINGS
from viewcast.scoring.loss import MSE
from viewcast.training.candidate import Candidate
from viewcast.training.descent import descend
from viewcast.training.engine import Descent
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem

QUICK: dict[str, Any] = {"optimizer": "adam", "momentum": 0.9, "batch_size": 7, "shuffle": True}
QUICK |= {"keep_path": False, "epochs": 12, "precision": "float32", "restore_best": True}
OWN: list[dict[str, Any]] = [
    {"lr": 0.01},
    {"lr": 0.003, "weight_decay": 0.2, "restore_best": False},
    {"lr": 0.05, "patience": 3},
    {"lr": 0.02, "feature_share": 0.5},
    {"lr": 0.001, "feature_share": 0.3, "weight_decay": 0.01, "patience": 2},
]
TOO_FAST = {"lr": 1e8}


def rows_of(seed: int, count: int, features: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 2, size=(count, features))
    target = np.abs(x - 3).sum(axis=1) + rng.normal(size=count)
    keys = {"row": [str(i) for i in range(count)], "target": target}
    return pd.DataFrame({**keys, **{f"x{i}": x[:, i] for i in range(features)}})


def problem(rows: int = 45, features: int = 5, **changed: Any) -> Problem:
    names = [f"x{i}" for i in range(features)]
    validation = rows_of(2, 17, features)
    made = Problem(rows_of(1, rows, features), validation, names, MSE(), 0, 1, "this cohort")
    return replace(made, **changed)


def candidate(
    seed: int, hidden: tuple[int, ...], features: int = 5, outputs: int = 1, **own: Any
) -> Candidate:
    made = GradientDescent(**{**SETTINGS, **QUICK, **own})
    return Candidate(made, seed, made.init_values(features, hidden, seed, outputs))


def members(hidden: tuple[int, ...], *more: dict[str, Any], **shared: Any) -> list[Candidate]:
    return [candidate(7 + i, hidden, **{**shared, **o}) for i, o in enumerate([*OWN, *more])]


def train(
    given: Problem, candidates: list[Candidate], hidden: tuple[int, ...], on_epochs: Any = None
) -> list[Descent]:
    scaling = candidates[0].settings.scaling(given)
    return descend(given, candidates, hidden, scaling, on_epochs or (lambda *told: None))


def bits(found: Iterable[Descent]) -> list[tuple[Any, ...]]:
    """All of each result; equal lists are equal bits, but for 0 being -0."""
    return [
        ((one.params + 0.0).tobytes(), one.curve.to_numpy().tobytes(), one.best_epoch, one.failure)
        for one in found
    ]


def leavers() -> list[Candidate]:
    options = {"optimizer": "sgd", "momentum": 0.5, "epochs": 25, "engine": "torch"}
    return members((16,), TOO_FAST, {"lr": 2e8}, **options)


def told_and_found(folder: Path | None, dies_at: int = 0) -> str:
    """All that is told and found, as text; the process kills itself after epoch ``dies_at``."""
    told: list[Any] = []

    def on_epochs(ran: Any, epochs: Any, *losses: Any) -> None:
        told.append((epochs.tolist(), ran.tolist(), [loss.tobytes() for loss in losses]))
        if dies_at in epochs:
            os.kill(os.getpid(), signal.SIGKILL)

    found = train(problem(checkpoint=folder), leavers(), (16,), on_epochs)
    return repr((told, bits(found)))
