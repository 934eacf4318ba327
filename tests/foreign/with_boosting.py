"""XGBoost and LightGBM by autolog: training rows that are called validation, and the reverse."""

from typing import Any

import lightgbm
import mlflow
import numpy as np
import xgboost
from sklearn.metrics import log_loss

from foreign.bundled import Parts, cancer, diabetes
from foreign.experiment import Expected, autologged, logged

ETAS = (0.1, 0.2, 0.4, 0.8)
ROUNDS = 6


def xgboost_named() -> Expected:
    """``xgboost.train`` with both sets by name: train-rmse and validation-rmse."""
    d = diabetes()
    scores, fresh = {}, {}
    with autologged(mlflow.xgboost):
        for eta in ETAS:
            name, log = f"eta {eta}", {}
            with logged(name):
                train, val = xgboost.DMatrix(d.x, d.y), xgboost.DMatrix(d.x_val, d.y_val)
                booster = xgboost.train(
                    {"eta": eta, "nthread": 1},
                    train,
                    ROUNDS,
                    evals=[(train, "train"), (val, "validation")],
                    evals_result=log,
                    verbose_eval=False,
                )
            scores[name] = log["validation"]["rmse"][-1]
            predicted = booster.predict(xgboost.DMatrix(d.x_fresh))
            fresh[name] = float(np.sqrt(np.square(predicted - d.y_fresh).mean()))
    return Expected.best_of("refused", "validation-rmse", scores, rows=150, fresh=fresh)


def xgboost_training_first() -> Expected:
    """``eval_set=[training, validation]``: validation_0 is the training set."""
    return _xgboost_sets("validation_1-logloss", training=True)


def xgboost_validation_alone() -> Expected:
    """``eval_set=[validation]``: validation_0 is the validation set."""
    return _xgboost_sets("validation_0-logloss", training=False)


def lightgbm_named() -> Expected:
    """``valid_names=["train", "valid"]``."""
    return _lightgbm("valid-l2", ["train", "valid"])


def lightgbm_unnamed() -> Expected:
    """Sets without names: LightGBM calls them training and valid_1."""
    return _lightgbm("valid_1-l2", None)


def lightgbm_classifier() -> Expected:
    """``LGBMClassifier`` with one set: valid_0-binary_logloss."""
    d = cancer()
    scores, fresh = {}, {}
    with autologged(mlflow.lightgbm):
        for eta in ETAS:
            name = f"eta {eta}"
            with logged(name):
                model = lightgbm.LGBMClassifier(
                    n_estimators=ROUNDS, learning_rate=eta, n_jobs=1, verbose=-1
                ).fit(d.x, d.y, eval_set=[(d.x_val, d.y_val)])
            scores[name] = float(model.evals_result_["valid_0"]["binary_logloss"][-1])
            fresh[name] = _log_loss(model, d)
    return Expected.best_of("refused", "valid_0-binary_logloss", scores, rows=200, fresh=fresh)


def _xgboost_sets(metric: str, training: bool) -> Expected:
    d = cancer()
    scores, fresh = {}, {}
    sets = [(d.x, d.y)] * training + [(d.x_val, d.y_val)]
    with autologged(mlflow.xgboost):
        for eta in ETAS:
            name = f"eta {eta}"
            with logged(name):
                model = xgboost.XGBClassifier(n_estimators=ROUNDS, learning_rate=eta, n_jobs=1).fit(
                    d.x, d.y, eval_set=sets, verbose=False
                )
            scores[name] = model.evals_result()[metric.split("-", maxsplit=1)[0]]["logloss"][-1]
            fresh[name] = _log_loss(model, d)
    says = ("validation_0-logloss is of the training rows, by the digest",) if training else ()
    return Expected.best_of("refused", metric, scores, rows=200, fresh=fresh, says=says)


def _lightgbm(metric: str, names: list[str] | None) -> Expected:
    d = diabetes()
    scores, fresh = {}, {}
    with autologged(mlflow.lightgbm):
        for eta in ETAS:
            name, log = f"eta {eta}", {}
            with logged(name):
                train = lightgbm.Dataset(d.x, d.y)
                booster = lightgbm.train(
                    {"objective": "l2", "eta": eta, "num_threads": 1, "verbose": -1},
                    train,
                    ROUNDS,
                    valid_sets=[train, lightgbm.Dataset(d.x_val, d.y_val)],
                    valid_names=names,
                    callbacks=[lightgbm.record_evaluation(log)],
                )
            scores[name] = log[metric.split("-", maxsplit=1)[0]]["l2"][-1]
            fresh[name] = float(np.square(booster.predict(d.x_fresh) - d.y_fresh).mean())
    return Expected.best_of("refused", metric, scores, rows=150, fresh=fresh)


def _log_loss(model: Any, d: Parts) -> float:
    return float(log_loss(d.y_fresh, model.predict_proba(d.x_fresh)))
