"""scikit-learn, as its users log it: autolog, searches, scores of fitted models, stored models."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from sklearn import ensemble, linear_model, metrics, model_selection, neighbors, tree

from foreign.bundled import cancer, diabetes, digits
from foreign.experiment import Expected, autologged, logged

NO_VALIDATION = (
    "none of its 3 runs tells a validation score or the losses of its rows; log the validation "
    "score of each run (val_loss), or its rows: viewcast.log_rows"
)
ALPHAS = np.logspace(-1, 3, 6)


def fits_by_autolog() -> Expected:
    """Autolog, and a metric of scikit-learn called on validation rows: mean_squared_error_x_val."""
    d = diabetes()
    x_val, y_val = d.x_val, d.y_val  # autolog names the metric after this variable
    scores, fresh = {}, {}
    with autologged(mlflow.sklearn):
        for alpha in ALPHAS:
            with logged(f"ridge {alpha:.3g}") as run:
                model = linear_model.Ridge(alpha=alpha).fit(d.x, d.y)
                loss = metrics.mean_squared_error(y_val, model.predict(x_val))
            scores[run.info.run_name] = loss
            fresh[run.info.run_name] = float(np.square(model.predict(d.x_fresh) - d.y_fresh).mean())
    return Expected.best_of("refused", "mean_squared_error_x_val", scores, rows=150, fresh=fresh)


def grid_search_by_autolog() -> Expected:
    """A grid by autolog: a parent, the best five as children, all folds in cv_results.csv."""
    d = diabetes()
    return _search(
        lambda: model_selection.GridSearchCV(
            linear_model.Ridge(), {"alpha": ALPHAS}, scoring="neg_root_mean_squared_error", cv=5
        ).fit(d.x, d.y),
        rows=150,
        fresh=lambda model: -metrics.root_mean_squared_error(d.y_fresh, model.predict(d.x_fresh)),
    )


def random_search_by_autolog() -> Expected:
    """Twenty trees drawn at random, their accuracy in five folds."""
    d = digits(train=200)
    space = {"max_depth": range(3, 12), "min_samples_leaf": range(1, 6)}
    return _search(
        lambda: model_selection.RandomizedSearchCV(
            tree.ExtraTreeClassifier(random_state=0), space, n_iter=20, cv=5, random_state=0
        ).fit(d.x, d.y),
        rows=200,
        fresh=lambda model: float(model.score(d.x_fresh, d.y_fresh)),
    )


def training_scores_only() -> Expected:
    """Autolog of fits without validation: every metric is one of the training rows."""
    d = cancer()
    with autologged(mlflow.sklearn):
        for c in (0.01, 0.1, 1.0):
            with logged(f"logistic {c}"):
                linear_model.LogisticRegression(C=c).fit(d.x, d.y)
    return Expected("refused", says=(NO_VALIDATION,))


def stored_classifiers() -> Expected:
    """Models and accuracies were logged, no rows: the models are scored on the user's own table."""
    d = cancer()
    makers: dict[str, Callable[[], Any]] = {
        f"neighbours {k}": lambda k=k: neighbors.KNeighborsClassifier(k)  # type: ignore[misc]
        for k in (1, 5, 9, 25)
    }
    makers["forest"] = lambda: ensemble.RandomForestClassifier(10, random_state=0)
    return _stored(
        makers, d, "val_accuracy", lambda model, x, y: float(model.score(x, y)), more_is_better=True
    )


def stored_regressors() -> Expected:
    """The same of a regression, by its root mean squared error."""
    makers: dict[str, Callable[[], Any]] = {
        f"lasso {alpha:.2g}": lambda a=alpha: linear_model.Lasso(a)  # type: ignore[misc]
        for alpha in np.logspace(-1, 1.5, 6)
    }
    return _stored(
        makers,
        diabetes(),
        "val_rmse",
        lambda model, x, y: float(metrics.root_mean_squared_error(y, model.predict(x))),
    )


def _search(
    fit: Callable[[], Any], rows: int, fresh: Callable[[Any], float], scored: str = "test_score"
) -> Expected:
    with autologged(mlflow.sklearn), logged("search") as parent:
        search = fit()
    best = float(search.cv_results_[f"mean_{scored}"].max())
    experiment = parent.info.experiment_id
    children = mlflow.MlflowClient().search_runs([experiment])
    winner = next(
        run.info.run_name
        for run in children
        if run.data.metrics.get(f"mean_{scored}") == best
        and run.data.metrics["rank_test_score"] == 1
    )
    return Expected(
        "ranged",
        winner,
        f"mean_{scored}",
        best,
        more_is_better=True,
        rows=rows,
        runs=len(search.cv_results_["params"]),
        fresh={winner: fresh(search.best_estimator_)},
        says=(
            "the search that made the runs",
            "each score is a mean of 5 folds",
            "log_search(search, X, y)",
        ),
    )


def _stored(
    makers: dict[str, Callable[[], Any]],
    d: Any,
    metric: str,
    score: Callable[[Any, Any, Any], float],
    more_is_better: bool = False,
) -> Expected:
    scores, fresh = {}, {}
    for name, make in makers.items():
        model = make().fit(d.x, d.y)
        scores[name] = score(model, d.x_val, d.y_val)
        fresh[name] = score(model, d.x_fresh, d.y_fresh)
        with logged(name):
            mlflow.log_metric(metric, scores[name])
            mlflow.sklearn.log_model(
                model,
                name="model",
                pip_requirements=["scikit-learn"],
                serialization_format="cloudpickle",
            )
    table = Path(mkdtemp()) / "valid.parquet"
    frame = pd.DataFrame(d.x_val, columns=[f"x{i}" for i in range(d.x_val.shape[1])])
    frame.assign(y=d.y_val).to_parquet(table, index=False)
    return Expected.best_of(
        "priced",
        metric,
        scores,
        more_is_better=more_is_better,
        rows=len(d.y_val),
        fresh=fresh,
        ask={"rows": table, "target": "y", "load_models": True},
    )
