"""What goes wrong in real experiments: runs that broke, look alike, or were measured elsewhere."""

import math

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.pandas_dataset import from_pandas
from sklearn.metrics import root_mean_squared_error

from foreign.bundled import diabetes
from foreign.experiment import Expected, current, logged
from foreign.tables import regressors, stored

SHARE = ("Ranged, not priced: each score is a share of 400 rows",)
SCORES = {"a": 0.52, "b": 0.48, "c": 0.50, "d": 0.61}


def diverged_runs() -> Expected:
    """Infinite, missing, and at the end of the range of numbers: such runs are set aside."""
    _scalars("val_loss", SCORES)
    _scalars("val_loss", {"inf": math.inf, "nan": math.nan, "huge": 1.797e308})
    return Expected.best_of(
        "refused",
        "val_loss",
        SCORES,
        says=("3 set aside: inf, nan, huge (it diverged: its val_loss is no finite number)",),
    )


def unfinished_runs() -> Expected:
    """A failed run and one that is still running are better than all; they do not win."""
    _scalars("val_loss", SCORES)
    client = mlflow.MlflowClient()
    experiment = current().experiment_id
    for name, status in (("broken", "FAILED"), ("going on", None), ("stopped", "KILLED")):
        run = client.create_run(experiment, run_name=name)
        client.log_metric(run.info.run_id, "val_loss", 0.1)
        if status is not None:
            client.set_terminated(run.info.run_id, status)
    return Expected.best_of(
        "refused",
        "val_loss",
        SCORES,
        says=(
            "broken (its status is FAILED: its figure is not that of a finished run)",
            "going on (its status is RUNNING: its figure is not the last)",
            "stopped (its status is KILLED",
        ),
    )


def parents_that_repeat() -> Expected:
    """A parent that logs the best of its children's figures is no candidate."""
    with logged("sweep"):
        for name, value in SCORES.items():
            with logged(name, nested=True):
                mlflow.log_metric("val_loss", value)
        mlflow.log_metric("val_loss", min(SCORES.values()))
    return Expected.best_of(
        "refused",
        "val_loss",
        SCORES,
        says=("1 set aside: sweep (it repeats the figure of b, its child)",),
    )


def two_data_sets() -> Expected:
    """The same number of rows, other targets: parameter ``dataset`` and the tables say so."""
    scores: dict[str, float] = {}
    for seed, data in enumerate(("clinic A", "clinic B")):
        d = diabetes(seed=seed)
        for name, model in regressors(d):
            predicted = model.predict(d.x_val)
            own = f"{name}, {data}"
            with logged(own, dataset=data):
                mlflow.log_metric("val_rmse", float(root_mean_squared_error(d.y_val, predicted)))
                stored("predictions.csv", pd.DataFrame({"y_true": d.y_val, "y_pred": predicted}))
            if seed == 0:
                scores[own] = float(root_mean_squared_error(d.y_val, predicted))
    return Expected.best_of("priced", "val_rmse", scores, rows=150, holdouts=2)


def two_data_sets_without_rows() -> Expected:
    """Scores alone, of two data sets: they are not compared without a word."""
    for data in ("clinic A", "clinic B"):
        for name, value in SCORES.items():
            with logged(f"{name}, {data}", dataset=data):
                mlflow.log_metric("val_loss", value * (1 + (data == "clinic B")))
    best = min(SCORES, key=lambda name: SCORES[name])
    return Expected(
        "refused",
        f"{best}, clinic A",
        "val_loss",
        SCORES[best],
        says=("dataset_clinic_A", "dataset_clinic_B"),
        holdouts=2,
    )


def one_run() -> Expected:
    """One run with its rows: there was no choice, so nothing is fine or not."""
    d = diabetes()
    name, model = next(regressors(d))
    predicted = model.predict(d.x_val)
    with logged(name):
        loss = float(root_mean_squared_error(d.y_val, predicted))
        mlflow.log_metric("val_rmse", loss)
        stored("predictions.csv", pd.DataFrame({"y_true": d.y_val, "y_pred": predicted}))
    says = ("Nothing was chosen: “ridge 0.1” is the one run",)
    return Expected("priced", name, "val_rmse", loss, rows=150, runs=1, says=says, never=("Fine",))


def only_a_test_metric() -> Expected:
    """Only test_accuracy was logged: runs that are chosen by it are validated by it."""
    scores = {name: 1 - value for name, value in SCORES.items()}
    _scalars("test_accuracy", scores)
    return Expected.best_of(
        "refused",
        "test_accuracy",
        scores,
        more_is_better=True,
        says=("its name says test rows: a test set that runs are chosen by is a validation set",),
    )


def accuracy_of_a_logged_data_set() -> Expected:
    """val_acc of a data set that is logged as an input: its profile says of how many rows."""
    d, n = _inputs(), 400
    scores = {f"net {right}": right / n for right in (346, 351, 352, 354, 359, 360)}
    for name, value in scores.items():
        with logged(name):
            mlflow.log_input(d, context="validation")
            mlflow.log_metric("val_acc", value)
    return Expected.best_of("ranged", "val_acc", scores, more_is_better=True, rows=n, says=SHARE)


def accuracy_with_n_given() -> Expected:
    """The same without a data set: the user says --n 400."""
    scores = {f"net {right}": right / 400 for right in (346, 351, 352, 354, 359, 360)}
    _scalars("val_acc", scores)
    return Expected.best_of(
        "ranged", "val_acc", scores, more_is_better=True, rows=400, ask={"n": 400}, says=SHARE
    )


def _inputs() -> mlflow.data.dataset.Dataset:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    return from_pandas(rows.assign(y=rng.integers(0, 2, 400)), targets="y", name="holdout")


def _scalars(metric: str, scores: dict[str, float]) -> None:
    for name, value in scores.items():
        with logged(name):
            mlflow.log_metric(metric, value)
