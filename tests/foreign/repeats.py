"""The same settings several times: other seeds, and the folds of a cross-validation."""

import mlflow
import numpy as np
from sklearn import linear_model, metrics, model_selection, tree

from foreign.bundled import diabetes, digits
from foreign.experiment import Expected, logged

ALPHAS = (0.1, 1.0, 10.0, 30.0, 100.0)
FOLDS = 5
SAYS = ("each score is a mean of 5 folds",)


def folds_as_metrics() -> Expected:
    """fold_0_rmse to fold_4_rmse and their mean, cv_rmse."""
    scores, fresh = {}, {}
    for alpha in ALPHAS:
        name, folds = f"ridge {alpha}", _folds(alpha)
        scores[name] = float(folds.mean())
        fresh[name] = _fresh(alpha)
        with logged(name, alpha=alpha):
            mlflow.log_metrics({f"fold_{fold}_rmse": value for fold, value in enumerate(folds)})
            mlflow.log_metric("cv_rmse", scores[name])
    return Expected.best_of("ranged", "cv_rmse", scores, fresh=fresh, says=SAYS)


def folds_as_nested_runs() -> Expected:
    """A parent for each candidate, a nested run for each fold; the parent logs the mean."""
    scores, fresh = {}, {}
    for alpha in ALPHAS:
        name, folds = f"ridge {alpha}", _folds(alpha)
        scores[name] = float(folds.mean())
        fresh[name] = _fresh(alpha)
        with logged(name, alpha=alpha):
            for fold, value in enumerate(folds):
                with logged(f"{name} fold {fold}", nested=True, alpha=alpha, fold=fold):
                    mlflow.log_metric("val_rmse", value)
            mlflow.log_metric("val_rmse", scores[name])
    return Expected.best_of("ranged", "val_rmse", scores, fresh=fresh, says=SAYS)


def seeds() -> Expected:
    """Four settings, five seeds of each, one accuracy each: the winner's seed is luck."""
    d = digits()
    scores, fresh = {}, {}
    for depth in (3, 5, 8, 12):
        for seed in range(5):
            name = f"depth {depth} seed {seed}"
            model = tree.ExtraTreeClassifier(max_depth=depth, random_state=seed).fit(d.x, d.y)
            scores[name] = float(model.score(d.x_val, d.y_val))
            fresh[name] = float(model.score(d.x_fresh, d.y_fresh))
            with logged(name, max_depth=depth, seed=seed):
                mlflow.log_metric("val_accuracy", scores[name])
    return Expected.best_of(
        "ranged",
        "val_accuracy",
        scores,
        more_is_better=True,
        fresh=fresh,
        rows=300,
        ask={"n": 300},
        says=("the best setting was trained with 5 seeds",),
    )


def _folds(alpha: float) -> np.ndarray:
    d = diabetes()
    parts = model_selection.KFold(FOLDS).split(d.x)
    losses = []
    for train, rest in parts:
        model = linear_model.Ridge(alpha=alpha).fit(d.x[train], d.y[train])
        losses.append(metrics.root_mean_squared_error(d.y[rest], model.predict(d.x[rest])))
    return np.array(losses)


def _fresh(alpha: float) -> float:
    d = diabetes()
    model = linear_model.Ridge(alpha=alpha).fit(d.x, d.y)
    return float(metrics.root_mean_squared_error(d.y_fresh, model.predict(d.x_fresh)))
