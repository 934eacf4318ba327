"""ValidationRows of LightGBM and XGBoost: the rows at the best iteration, iterations as looks."""

from typing import Any

import mlflow
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import log_loss

from support.mlflow_store import Store
from viewcast.base.errors import ConfigError
from viewcast.holdout.looks import parsed

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

from viewcast.integrations.lightgbm import ValidationRows  # noqa: E402
from viewcast.integrations.xgboost import ValidationRows as OfXGBoost  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("ignore::ImportWarning")]

X, Y = load_breast_cancer(return_X_y=True)
FIT, VALID = slice(0, 250), slice(250, 400)
QUIET = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 4}


def looks(store: Store, run: Any) -> int:
    (use,) = parsed(store.now(run).data.tags["viewcast.looks"], "")
    return use.scores


def data() -> Any:
    train = lightgbm.Dataset(X[FIT], Y[FIT])
    return train, train.create_valid(X[VALID], Y[VALID])


def test_lightgbm_leaves_the_rows_of_its_best_iteration(others_store: Store) -> None:
    train, valid = data()
    stop = lightgbm.early_stopping(3, verbose=False)
    rows = ValidationRows(X[VALID], Y[VALID], early_stopping=stop)
    scores: dict[str, Any] = {}
    with others_store.run() as run:
        model = lightgbm.train(
            {**QUIET, "learning_rate": 0.7},
            train,
            200,
            valid_sets=[valid],
            callbacks=[rows, lightgbm.record_evaluation(scores)],
        )
    table = others_store.table(run)
    np.testing.assert_allclose(
        table["prediction"], model.predict(X[VALID], num_iteration=model.best_iteration)
    )
    logged = scores["valid_0"]["binary_logloss"]
    assert table["loss"].mean() == pytest.approx(min(logged))
    assert looks(others_store, run) == model.best_iteration + 3 < 200


def test_without_early_stopping_the_last_iteration_is_one_look(others_store: Store) -> None:
    with others_store.run() as run:
        model = lightgbm.LGBMClassifier(n_estimators=7, num_leaves=4, verbose=-1, n_jobs=1)
        model.fit(X[FIT], Y[FIT], callbacks=[ValidationRows(X[VALID], Y[VALID])])
    expected = log_loss(Y[VALID], model.booster_.predict(X[VALID]))
    assert others_store.table(run)["loss"].mean() == pytest.approx(expected)
    assert looks(others_store, run) == 1


def test_the_run_of_autologging_gets_the_rows(others_store: Store) -> None:
    mlflow.set_experiment(experiment_id=others_store.experiment)
    mlflow.lightgbm.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        train, valid = data()
        rows = ValidationRows(X[VALID], Y[VALID])
        lightgbm.train(QUIET, train, 3, valid_sets=[valid], callbacks=[rows])
    finally:
        mlflow.lightgbm.autolog(disable=True)
    (run,) = others_store.client.search_runs([others_store.experiment])
    assert run.data.params["num_leaves"] == "4"
    assert run.data.tags["viewcast.loss"] == "log_loss"


def test_xgboost_leaves_the_rows_of_its_best_iteration(others_store: Store) -> None:
    rows = OfXGBoost(X[VALID], Y[VALID], metric="roc_auc")
    model = xgboost.XGBClassifier(
        n_estimators=200,
        learning_rate=0.9,
        max_depth=2,
        early_stopping_rounds=3,
        n_jobs=1,
        callbacks=[rows],
    )
    with others_store.run() as run:
        model.fit(X[FIT], Y[FIT], eval_set=[(X[VALID], Y[VALID])], verbose=False)
    table = others_store.table(run)
    np.testing.assert_allclose(table["prediction"], model.predict_proba(X[VALID])[:, 1], rtol=1e-5)
    assert looks(others_store, run) == model.best_iteration + 4 < 200
    assert others_store.now(run).data.tags["viewcast.more_is_better"] == "true"


def test_xgboost_without_early_stopping_is_one_look(others_store: Store) -> None:
    x, y = load_diabetes(return_X_y=True)
    matrix = xgboost.DMatrix(x[FIT], y[FIT])
    with others_store.run() as run:
        booster = xgboost.train(
            {"max_depth": 2, "nthread": 1},
            matrix,
            5,
            callbacks=[OfXGBoost(x[VALID], y[VALID])],
        )
    expected = booster.predict(xgboost.DMatrix(x[VALID]))
    np.testing.assert_allclose(others_store.table(run)["prediction"], expected, rtol=1e-6)
    assert looks(others_store, run) == 1


def test_folds_that_share_no_rows_are_refused(others_store: Store) -> None:
    with others_store.run(), pytest.raises(ConfigError, match=r"lightgbm\.cv fits one model per"):
        lightgbm.cv(QUIET, data()[0], 2, nfold=2, callbacks=[ValidationRows(X, Y)])
