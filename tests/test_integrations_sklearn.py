"""log_search: the out-of-fold rows of every candidate of a search, as the search scored them."""

import warnings

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from support.mlflow_store import Store
from viewcast.base.errors import ConfigError
from viewcast.integrations.sklearn import log_search
from viewcast.tracking.read.gather import gather

pytestmark = [pytest.mark.filterwarnings("ignore::ImportWarning")]

DIABETES = load_diabetes(as_frame=True)
X, Y = DIABETES.data.iloc[:120], DIABETES.target.iloc[:120]
ALPHAS = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]
MODEL = make_pipeline(StandardScaler(), Ridge())
GRID = {"ridge__alpha": ALPHAS}


def children(store: Store, parent: str) -> dict[float, Run]:
    """The candidates by their penalty."""
    found = store.client.search_runs([store.experiment], f"tags.`mlflow.parentRunId` = '{parent}'")
    return {float(run.data.params["ridge__alpha"]): run for run in found}


def searched(scoring: str | None = "neg_mean_absolute_error", cv: object = 4) -> GridSearchCV:
    return GridSearchCV(MODEL, GRID, scoring=scoring, cv=cv).fit(X, Y)


def test_every_candidate_has_the_rows_that_no_fold_was_fitted_to(others_store: Store) -> None:
    search = searched()
    with others_store.run() as run:
        assert log_search(search, X, Y) == run.info.run_id
    runs = children(others_store, run.info.run_id)
    assert sorted(runs) == ALPHAS
    for alpha, child in runs.items():
        expected = cross_val_predict(MODEL.set_params(ridge__alpha=alpha), X, Y, cv=4)
        rows = others_store.table(child)
        np.testing.assert_allclose(rows["prediction"], expected)
        np.testing.assert_allclose(rows["loss"], abs(expected - Y))
        score = child.data.metrics["mean_test_score"]
        assert rows["loss"].mean() == pytest.approx(-score)  # folds of equal size
        assert child.data.tags["viewcast.loss"] == "mae"


def test_the_audit_prices_a_search_by_its_own_metric(others_store: Store) -> None:
    with others_store.run():
        log_search(searched("r2"), X, Y)
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    assert len([scored for scored in study.runs if scored.rows is not None]) == len(ALPHAS)
    assert {scored.facts.loss for scored in study.runs} == {"r2"}
    assert all(scored.facts.more_is_better for scored in study.runs)


@pytest.mark.filterwarnings("default")  # autologging gives up where a warning is an error
def test_runs_that_autologging_made_are_completed_and_not_repeated(others_store: Store) -> None:
    mlflow.set_experiment(experiment_id=others_store.experiment)
    mlflow.sklearn.autolog(log_models=False, log_datasets=False, max_tuning_runs=4, silent=True)
    try:
        search = searched()
        parent = mlflow.last_active_run()
        assert parent is not None
        made = {run.info.run_id for run in children(others_store, parent.info.run_id).values()}
        assert len(made) == 4
        assert log_search(search, X, Y) == parent.info.run_id
    finally:
        mlflow.sklearn.autolog(disable=True)
    runs = children(others_store, parent.info.run_id)
    assert len(runs) == len(ALPHAS)
    assert made < {run.info.run_id for run in runs.values()}
    assert all("viewcast.look" in run.data.tags for run in runs.values())
    (study,) = gather(mlflow.get_tracking_uri(), "others").studies
    assert len(study.runs) == len(ALPHAS)  # not once more by the table of the search
    everything = others_store.client.search_runs([others_store.experiment])
    assert len(everything) == len(ALPHAS) + 1  # refitting made no runs


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "accuracy", "f1", None])
def test_a_classifier_is_asked_for_what_its_metric_needs(
    others_store: Store, scoring: str | None
) -> None:
    data = load_breast_cancer()
    rows, labels = data.data[:150], np.array(["bad", "good"])[data.target[:150]]
    target = data.target[:150] if scoring == "f1" else labels
    model = make_pipeline(StandardScaler(), LogisticRegression())
    cv = KFold(3, shuffle=True, random_state=1)
    grid = {"logisticregression__C": [0.01, 1.0]}
    search = GridSearchCV(model, grid, scoring=scoring, cv=cv).fit(rows, target)
    with others_store.run() as run:
        log_search(search, rows, target)
    (child, *_) = others_store.client.search_runs(
        [others_store.experiment], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    )
    loss = others_store.table(child)["loss"].mean()
    c = float(child.data.params["logisticregression__C"])
    parts = [
        get_scorer(scoring or "accuracy")(
            model.set_params(logisticregression__C=c).fit(rows[train], target[train]),
            rows[test],
            target[test],
        )
        for train, test in cv.split(rows)
    ]
    assert abs(loss) == pytest.approx(abs(np.mean(parts)), abs=0.02)  # of all rows, of folds


def test_rows_that_no_fold_tests_are_left_out(others_store: Store) -> None:
    with others_store.run() as run:
        log_search(searched(cv=TimeSeriesSplit(3)), X, Y)
    child = next(iter(children(others_store, run.info.run_id).values()))
    rows = others_store.table(child)
    assert list(rows["row"]) == [str(row) for row in range(30, 120)]


def test_rows_are_named_by_the_index_of_the_data(others_store: Store) -> None:
    with others_store.run() as run:
        shuffled = X.sample(frac=1, random_state=2)
        search = GridSearchCV(MODEL, GRID, cv=3).fit(shuffled, Y[shuffled.index])
        log_search(search, shuffled, Y[shuffled.index])
    child = next(iter(children(others_store, run.info.run_id).values()))
    rows = others_store.table(child)
    np.testing.assert_allclose(rows["target"], Y[rows["row"].astype(int)])


def test_a_candidate_that_could_not_be_fitted_is_failed_and_the_rest_are_kept(
    others_store: Store,
) -> None:
    forest = RandomForestClassifier(n_estimators=3, random_state=0)
    grid = {"max_depth": [2, 3, -1]}
    target = np.asarray(Y > 140)
    search = GridSearchCV(forest, grid, cv=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the fits that failed
        search.fit(X, target)
    with others_store.run() as run:
        log_search(search, X, target)
    found = others_store.client.search_runs(
        [others_store.experiment], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    )
    status = {child.data.params["max_depth"]: child.info.status for child in found}
    assert status == {"2": "FINISHED", "3": "FINISHED", "-1": "FAILED"}


def test_of_several_scores_the_one_that_chose_counts(others_store: Store) -> None:
    several = {"error": "neg_mean_absolute_error", "r2": "r2"}
    search = RandomizedSearchCV(MODEL, GRID, n_iter=2, scoring=several, refit="error", cv=3)
    with others_store.run() as run:
        log_search(search.fit(X, Y), X, Y)
    child = next(iter(children(others_store, run.info.run_id).values()))
    assert child.data.tags["viewcast.loss"] == "mae"
    assert child.data.metrics["mean_test_score"] < 0


def test_what_cannot_be_logged_is_refused(others_store: Store) -> None:
    with pytest.raises(ConfigError, match="was not fitted"):
        log_search(GridSearchCV(MODEL, GRID), X, Y)
    own = GridSearchCV(MODEL, GRID, scoring=lambda model, X, y: model.score(X, y)).fit(X, Y)
    with pytest.raises(ConfigError, match=r"search\.scoring = .*metric=\.\.\.\); allowed: "):
        log_search(own, X, Y)
    assert others_store.client.search_runs([others_store.experiment]) == []


def test_a_search_after_another_run_is_not_taken_for_its_own(others_store: Store) -> None:
    with others_store.run() as run:
        pass
    mlflow.set_experiment(experiment_id=others_store.experiment)
    search = GridSearchCV(MODEL, {"ridge__alpha": [1.0]}, cv=3).fit(X, Y)
    assert log_search(search, X, Y) != run.info.run_id


def test_two_searches_in_one_run_keep_their_rows_apart(others_store: Store) -> None:
    with others_store.run() as run:
        for cv in (3, 4):
            log_search(GridSearchCV(MODEL, {"ridge__alpha": [1.0]}, cv=cv).fit(X, Y), X, Y)
    mine = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    assert len(others_store.client.search_runs([others_store.experiment], mine)) == 2


def test_a_frame_without_a_run_gets_a_parent_of_its_own(others_store: Store) -> None:
    mlflow.set_experiment(experiment_id=others_store.experiment)
    frame = pd.DataFrame(X.to_numpy())
    search = GridSearchCV(MODEL, {"ridge__alpha": [1.0]}, cv=3).fit(frame, Y)
    parent = others_store.client.get_run(log_search(search, frame, np.asarray(Y), run_id=None))
    assert parent.info.run_name == "GridSearchCV"
