"""Repeated studies of four bundled data sets: candidates, their scores, and fresh rows.

A study draws training, validation and fresh rows anew, fits candidates on the training rows, and
logs them as any loop would: one run for each, with its score and the table of its predictions.
The fresh rows are logged nowhere; they tell what the winner is worth.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from foreign.bundled import Rows
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from sklearn import datasets, discriminant_analysis, linear_model, metrics, tree
from sklearn.feature_extraction.image import extract_patches_2d
from statsmodels.datasets import fair, randhie

Predict = Callable[[Rows], Rows]


@dataclass(frozen=True)
class Problem:
    """A pool of independent rows, how it is parted, how candidates are made and measured.

    ``x`` (N, F), ``y`` (N,): the pool; ``train``, ``validation``: rows of a study, all others are
    fresh. ``fit``: from training rows and the number of a candidate to what predicts.
    ``metric``: as the loop calls it; ``measure``: the same as viewcast calls it; ``score``: by
    scikit-learn. ``columns``: of a table of predictions.
    """

    name: str
    x: Rows
    y: Rows
    train: int
    validation: int
    fit: Callable[[Rows, Rows, int], Predict]
    metric: str
    measure: str
    more_is_better: bool
    score: Callable[[Rows, Rows], float]
    columns: Callable[[Rows], dict[str, Rows]]

    @property
    def fresh(self) -> int:
        """Rows that are held back."""
        return len(self.y) - self.train - self.validation


@dataclass(frozen=True)
class Study:
    """Of validation rows, targets (M,) and K predictions (M[, C]); scores (K,), there and fresh."""

    target: Rows
    predicted: list[Rows]
    scores: Rows
    fresh: Rows


def study(problem: Problem, candidates: int, seed: int) -> Study:
    """The study of this number."""
    rng = np.random.default_rng(seed)
    train, val, fresh = np.split(
        rng.permutation(len(problem.y)), np.cumsum([problem.train, problem.validation])
    )
    with warnings.catch_warnings():  # a fit that stopped early is a candidate like others
        warnings.simplefilter("ignore")
        fitted = [
            problem.fit(problem.x[train], problem.y[train], seed * candidates + number)
            for number in range(candidates)
        ]
    predicted = [predict(problem.x[val]) for predict in fitted]
    scores = [problem.score(problem.y[val], own) for own in predicted]
    held_back = [problem.score(problem.y[fresh], predict(problem.x[fresh])) for predict in fitted]
    return Study(problem.y[val], predicted, np.array(scores), np.array(held_back))


def log(problem: Problem, made: Study, client: MlflowClient, name: str, folder: Path) -> None:
    """An experiment of this name with one run for each candidate."""
    experiment = client.create_experiment(name, folder.as_uri())
    for number, (predicted, score) in enumerate(zip(made.predicted, made.scores, strict=True)):
        run = client.create_run(experiment, run_name=f"candidate {number}").info
        client.log_batch(
            run.run_id,
            metrics=[Metric(problem.metric, float(score), run.start_time, 0)],
            params=[Param("candidate", str(number))],
            tags=[RunTag("stage", "search")],
        )
        rows = pd.DataFrame({"id": np.arange(len(made.target)), "y_true": made.target})
        table = folder / "val_predictions.parquet"
        table.parent.mkdir(parents=True, exist_ok=True)
        rows.assign(**problem.columns(predicted)).to_parquet(table, index=False)
        client.log_artifact(run.run_id, str(table))
        client.set_terminated(run.run_id)


def problems() -> list[Problem]:
    """Four data sets that come with scikit-learn and statsmodels, and four measures."""
    return [_visits(), _photographs(), _digits(), _affairs()]


def _visits() -> Problem:
    frame = randhie.load_pandas().data
    return Problem(
        "visits to a doctor",
        _scaled(frame.drop(columns="mdvis").to_numpy(float)),
        np.log1p(frame["mdvis"].to_numpy(float)),
        train=400,
        validation=300,
        fit=_regression,
        metric="val_rmse",
        measure="rmse",
        more_is_better=False,
        score=lambda y, p: float(metrics.root_mean_squared_error(y, p)),
        columns=lambda p: {"y_pred": p},
    )


def _photographs() -> Problem:
    pictures = datasets.load_sample_images().images
    points = [
        extract_patches_2d(picture, (3, 3), max_patches=15_000, random_state=0).reshape(-1, 27)
        for picture in pictures
    ]
    return Problem(
        "points of two photographs",
        np.vstack(points).astype(float),
        np.repeat([0.0, 1.0], 15_000),
        train=300,
        validation=300,
        fit=_trees,
        metric="val_accuracy",
        measure="accuracy",
        more_is_better=True,
        score=lambda y, p: float((y == p).mean()),
        columns=lambda p: {"y_pred": p},
    )


def _digits() -> Problem:
    x, y = datasets.load_digits(return_X_y=True)
    return Problem(
        "digits",
        _scaled(x),
        y.astype(float),
        train=150,
        validation=200,
        fit=_discriminant,
        metric="val_log_loss",
        measure="log_loss",
        more_is_better=False,
        score=lambda y, p: float(metrics.log_loss(y, p, labels=range(10))),
        columns=lambda p: {f"prob_{digit}": p[:, digit] for digit in range(10)},
    )


def _affairs() -> Problem:
    frame = fair.load_pandas().data
    return Problem(
        "affairs",
        _scaled(frame.drop(columns="affairs").to_numpy(float)),
        (frame["affairs"] > 0).to_numpy(float),
        train=200,
        validation=300,
        fit=lambda x, y, seed: _chance(_discriminant(x, y, seed)),
        metric="val_auc",
        measure="roc_auc",
        more_is_better=True,
        score=lambda y, p: float(metrics.roc_auc_score(y, p)),
        columns=lambda p: {"y_score": p},
    )


def _regression(x: Rows, y: Rows, seed: int) -> Predict:
    rows, kept, rng = _part(x, seed)
    model = linear_model.Ridge(alpha=10 ** rng.uniform(0, 2))
    return _of(model.fit(x[rows][:, kept], y[rows]).predict, kept)


def _trees(x: Rows, y: Rows, seed: int) -> Predict:
    rows, kept, rng = _part(x, seed)
    depth, leaf = (int(rng.integers(low, 9)) for low in (3, 1))
    model = tree.DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=seed)
    return _of(model.fit(x[rows][:, kept], y[rows]).predict, kept)


def _discriminant(x: Rows, y: Rows, seed: int) -> Predict:
    rows, kept, rng = _part(x, seed)
    model = discriminant_analysis.LinearDiscriminantAnalysis(
        "lsqr", shrinkage=float(rng.uniform(0.3, 0.7))
    )
    return _of(model.fit(x[rows][:, kept], y[rows]).predict_proba, kept)


def _chance(predict: Predict) -> Predict:
    return lambda x: predict(x)[:, 1]


def _part(x: Rows, seed: int) -> tuple[Any, Any, np.random.Generator]:
    """Nine tenths of the rows and of the features, drawn for a candidate: most are nearly tied."""
    rng = np.random.default_rng(seed)
    rows, kept = (rng.permutation(size)[: round(0.9 * size)] for size in x.shape)
    return rows, kept, rng


def _of(predict: Predict, kept: Any) -> Predict:
    return lambda x: predict(x[:, kept])


def _scaled(x: Rows) -> Rows:
    scale = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1)
