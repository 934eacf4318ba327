"""Plain loops that leave a table of rows: Parquet, CSV, JSON, an evaluation, probabilities."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import pandas as pd
from mlflow.metrics import MetricValue, make_metric
from sklearn import linear_model, metrics, naive_bayes

from foreign.bundled import Parts, Rows, cancer, diabetes, digits
from foreign.experiment import Expected, logged

Score = Callable[[Rows, Rows], float]


def residuals_in_csv() -> Expected:
    """y_true and y_pred in predictions.csv, val_rmse."""

    def log(d: Parts, predicted: Rows) -> None:
        stored("predictions.csv", pd.DataFrame({"y_true": d.y_val, "y_pred": predicted}))

    return _regression(log, "val_rmse", metrics.root_mean_squared_error)


def absolute_errors_in_parquet() -> Expected:
    """label and prediction in a Parquet file of another name, val_mae."""

    def log(d: Parts, predicted: Rows) -> None:
        rows = pd.DataFrame(
            {"id": np.arange(len(d.y_val)), "label": d.y_val, "prediction": predicted}
        )
        stored("val_predictions.parquet", rows)

    return _regression(log, "val_mae", metrics.mean_absolute_error)


def r_squared_in_a_logged_table() -> Expected:
    """``mlflow.log_table`` with target and prediction, val_r2: more is better."""

    def log(d: Parts, predicted: Rows) -> None:
        mlflow.log_table(
            pd.DataFrame({"target": d.y_val, "prediction": predicted}), "val_rows.json"
        )

    return _regression(log, "val_r2", metrics.r2_score, more_is_better=True)


def evaluated_by_mlflow() -> Expected:
    """``mlflow.models.evaluate`` with a metric of rows: eval_results_table.json."""

    def squared(predictions: pd.Series, targets: pd.Series, metrics: object) -> MetricValue:
        return MetricValue(scores=list((predictions - targets) ** 2))

    def log(d: Parts, predicted: Rows) -> None:
        mlflow.models.evaluate(
            data=pd.DataFrame({"target": d.y_val, "prediction": predicted}),
            targets="target",
            predictions="prediction",
            model_type="regressor",
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
            extra_metrics=[make_metric(eval_fn=squared, greater_is_better=False, name="squared")],
        )

    return _regression(log, "mean_squared_error", metrics.mean_squared_error, by_hand=False)


def labels_in_csv() -> Expected:
    """label and predicted class of ten digits, val_accuracy."""
    d = digits()
    return _classification(
        d,
        lambda model: pd.DataFrame({"label": d.y_val, "predicted_label": model.predict(d.x_val)}),
        "val_accuracy",
        lambda model, x, y: float(model.score(x, y)),
        more_is_better=True,
    )


def probabilities_of_ten_classes() -> Expected:
    """One column for each class, prob_0 to prob_9, val_log_loss."""
    d = digits()

    def rows(model: naive_bayes.GaussianNB) -> pd.DataFrame:
        columns = [f"prob_{digit}" for digit in range(10)]
        own = pd.DataFrame(model.predict_proba(d.x_val), columns=columns)
        return own.assign(label=d.y_val)

    return _classification(
        d, rows, "val_log_loss", lambda m, x, y: metrics.log_loss(y, m.predict_proba(x))
    )


def scores_for_the_area() -> Expected:
    """y_true and y_score of two classes, val_auc."""
    d = cancer()
    return _classification(
        d,
        lambda m: pd.DataFrame({"y_true": d.y_val, "y_score": m.predict_proba(d.x_val)[:, 1]}),
        "val_auc",
        lambda m, x, y: float(metrics.roc_auc_score(y, m.predict_proba(x)[:, 1])),
        more_is_better=True,
    )


def predicted_classes_for_f1() -> Expected:
    """y_true and y_pred of two classes, val_f1."""
    d = cancer()
    return _classification(
        d,
        lambda model: pd.DataFrame({"y_true": d.y_val, "y_pred": model.predict(d.x_val)}),
        "val_f1",
        lambda model, x, y: float(metrics.f1_score(y, model.predict(x))),
        more_is_better=True,
    )


def losses_of_rows() -> Expected:
    """A column ``loss`` and an id."""
    d = diabetes()
    scores, fresh = {}, {}
    for name, model in regressors(d):
        own = np.abs(model.predict(d.x_val) - d.y_val)
        scores[name] = float(own.mean())
        fresh[name] = float(np.abs(model.predict(d.x_fresh) - d.y_fresh).mean())
        with logged(name):
            mlflow.log_metric("val_loss", scores[name])
            stored("validation_losses.csv", pd.DataFrame({"id": np.arange(150), "loss": own}))
    return Expected.best_of("priced", "val_loss", scores, rows=150, fresh=fresh)


def shuffled_rows() -> Expected:
    """Every run shuffles its rows and resets the index: rows are known by their content alone."""

    def log(d: Parts, predicted: Rows) -> None:
        rows = pd.DataFrame(d.x_val[:, :3], columns=["age", "sex", "bmi"])
        rows = rows.assign(y_true=d.y_val, y_pred=predicted)
        order = np.random.default_rng(int(abs(predicted).sum())).permutation(len(rows))
        stored("predictions.csv", rows.iloc[order].reset_index(drop=True).reset_index())

    return _regression(log, "val_rmse", metrics.root_mean_squared_error)


def one_way_through_a_grid() -> Expected:
    """A loop over a setting from low to high, better each time: nobody tuned it by the scores."""
    d = diabetes()
    scores, fresh = {}, {}
    for count in range(1, 9):
        name, kept = f"{count} features", np.array([2, 8, 3, 6, 9, 1, 4, 5])[:count]
        model = linear_model.Ridge().fit(_only(d.x, kept), d.y)
        predicted = model.predict(d.x_val)
        scores[name] = float(metrics.mean_absolute_error(d.y_val, predicted))
        fresh[name] = float(metrics.mean_absolute_error(d.y_fresh, model.predict(d.x_fresh)))
        with logged(name, features=count):
            mlflow.log_metric("val_mae", scores[name])
            stored("predictions.csv", pd.DataFrame({"y_true": d.y_val, "y_pred": predicted}))
    return Expected.best_of(
        "priced", "val_mae", scores, rows=150, fresh=fresh, says=("by 8 runs in 1 round",)
    )


def _regression(
    log: Callable[[Parts, Rows], None],
    metric: str,
    score: Score,
    more_is_better: bool = False,
    by_hand: bool = True,
) -> Expected:
    d = diabetes()
    scores, fresh = {}, {}
    for name, model in regressors(d):
        predicted = model.predict(d.x_val)
        scores[name] = float(score(d.y_val, predicted))
        fresh[name] = float(score(d.y_fresh, model.predict(d.x_fresh)))
        with logged(name):
            if by_hand:
                mlflow.log_metric(metric, scores[name])
            log(d, predicted)
    return Expected.best_of(
        "priced", metric, scores, more_is_better=more_is_better, rows=150, fresh=fresh
    )


def regressors(d: Parts) -> Iterator[tuple[str, linear_model.Ridge]]:
    for alpha in np.logspace(-1, 3, 5):
        yield f"ridge {alpha:.3g}", linear_model.Ridge(alpha=alpha).fit(d.x, d.y)
    for features in (2, 4, 7):
        for seed in range(2):
            kept = np.random.default_rng(seed).permutation(10)[:features]
            model = linear_model.Ridge().fit(_only(d.x, kept), d.y)
            yield f"{features} features {seed}", model


def _only(x: Rows, kept: Rows) -> Rows:
    """The features that are kept; the others are 0 and get no weight."""
    masked = np.zeros_like(x)
    masked[:, kept] = x[:, kept]
    return masked


def _classification(
    d: Parts,
    rows: Callable[[naive_bayes.GaussianNB], pd.DataFrame],
    metric: str,
    score: Callable[[naive_bayes.GaussianNB, Rows, Rows], float],
    more_is_better: bool = False,
) -> Expected:
    scores, fresh = {}, {}
    for smoothing in np.random.default_rng(0).permutation(np.logspace(-6, 1, 8)):
        name = f"smoothing {smoothing:.2g}"
        model = naive_bayes.GaussianNB(var_smoothing=smoothing).fit(d.x, d.y)
        scores[name] = score(model, d.x_val, d.y_val)
        fresh[name] = score(model, d.x_fresh, d.y_fresh)
        with logged(name):
            mlflow.log_metric(metric, scores[name])
            stored("val_predictions.parquet", rows(model))
    return Expected.best_of(
        "priced",
        metric,
        scores,
        more_is_better=more_is_better,
        rows=len(d.y_val),
        fresh=fresh,
    )


def stored(name: str, rows: pd.DataFrame) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        if path.suffix == ".csv":
            rows.to_csv(path, index=False)
        else:
            rows.to_parquet(path, index=False)
        mlflow.log_artifact(str(path))
