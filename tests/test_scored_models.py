"""Models instead of rows: each run's logged model, scored on rows that the user has."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from support.mlflow_store import Store
from viewcast.base.errors import ConfigError, DataError
from viewcast.tracking.artifact_cache import ArtifactCache
from viewcast.tracking.read.gather import gather
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.scored_models import ScoredModels
from viewcast.tracking.read.settings import ReadSettings

# MLflow, about models without a signature and pickles.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning"),
    pytest.mark.xdist_group("scored models"),  # what is costly is made once for all
]

FEATURES = ["mean radius", "mean texture", "mean smoothness"]


class Moody(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """A model that counts how often it is asked."""

    asked = 0

    def predict(self, context: object, model_input: pd.DataFrame) -> np.ndarray:
        type(self).asked += 1
        return model_input["mean radius"].to_numpy()


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    data = load_breast_cancer(as_frame=True).frame
    return data[[*FEATURES, "target"]].iloc[:200]


@pytest.fixture
def valid(rows: pd.DataFrame, tmp_path: Path) -> Path:
    rows.to_parquet(tmp_path / "valid.parquet")
    return tmp_path / "valid.parquet"


def choice(measure: str, more: bool = False) -> MetricChoice:
    return MetricChoice(f"val_{measure}", measure, more, "", "")


def scored(store: Store, valid: Path, method: str | None = None) -> ScoredModels:
    settings = ReadSettings(rows=valid, target="target", predict_method=method, load_models=True)
    return ScoredModels(store.client, settings, ArtifactCache(valid.parent / "cache"))


def classifier(rows: pd.DataFrame, penalty: float = 1.0) -> LogisticRegression:
    return LogisticRegression(C=penalty).fit(rows[FEATURES], rows["target"])


def test_a_model_is_scored_by_its_labels_and_by_its_probabilities(
    others_store: Store, rows: pd.DataFrame, valid: Path
) -> None:
    model = classifier(rows)
    with others_store.run() as run:
        mlflow.sklearn.log_model(model, name="model", pip_requirements=[])
    by_labels = (
        scored(others_store, valid).of(others_store.now(run), choice("accuracy", more=True)).rows
    )
    probable = scored(others_store, valid, "predict_proba")
    by_rank = probable.of(others_store.now(run), choice("roc_auc", more=True)).rows
    by_chance = probable.of(others_store.now(run), choice("log_loss")).rows
    assert by_labels is not None
    assert by_rank is not None
    assert by_chance is not None
    target, chance = rows["target"], model.predict_proba(rows[FEATURES])
    assert by_labels.figure == accuracy_score(target, model.predict(rows[FEATURES]))
    assert by_rank.figure == pytest.approx(roc_auc_score(target, chance[:, 1]))
    assert by_chance.figure == pytest.approx(log_loss(target, chance))
    assert by_rank.values.mean() == pytest.approx(-by_rank.figure)
    assert by_chance.identity == by_rank.identity
    assert by_chance.asked


def test_a_figure_of_order_is_not_made_of_labels(
    others_store: Store, rows: pd.DataFrame, valid: Path
) -> None:
    with others_store.run() as run:
        mlflow.sklearn.log_model(classifier(rows), name="model", pip_requirements=[])
    found = scored(others_store, valid).of(others_store.now(run), choice("roc_auc", more=True))
    assert found.rows is None
    assert "needs probabilities" in found.passed_over[0]


def test_models_of_mlflow_2_are_found_among_the_artifacts(
    others_store: Store, rows: pd.DataFrame, valid: Path, tmp_path: Path
) -> None:
    mlflow.sklearn.save_model(classifier(rows), tmp_path / "saved", pip_requirements=[])
    with others_store.run() as run:
        mlflow.log_artifacts(str(tmp_path / "saved"), "model")
    kept = others_store.now(run)
    kept.outputs.model_outputs.clear()  # as a store of MLflow 2 answers
    found = scored(others_store, valid).of(kept, choice("accuracy", more=True)).rows
    assert found is not None
    assert found.source == "model model"


def test_a_model_is_asked_once_and_then_never_again(others_store: Store, valid: Path) -> None:
    with others_store.run() as run:
        mlflow.pyfunc.log_model(name="model", python_model=Moody(), pip_requirements=[])
    Moody.asked = 0
    first = scored(others_store, valid).of(others_store.now(run), choice("mae")).rows
    again = scored(others_store, valid).of(others_store.now(run), choice("mse")).rows
    assert first is not None
    assert again is not None
    assert first.figure != again.figure
    asked = Moody.asked
    pd.read_parquet(valid).iloc[:100].to_parquet(valid)
    other = scored(others_store, valid).of(others_store.now(run), choice("mae")).rows
    assert other is not None
    assert len(other.values) == 100
    assert other.identity != first.identity
    assert Moody.asked == asked + 1


def test_nothing_is_loaded_without_leave(others_store: Store, valid: Path, tmp_path: Path) -> None:
    settings = ReadSettings(rows=valid, target="target")
    with pytest.raises(ConfigError, match=r"runs code that lies in the store; type --load-models"):
        ScoredModels(others_store.client, settings, ArtifactCache(tmp_path))


def test_a_column_that_does_not_exist_is_refused_with_those_that_do(
    others_store: Store, valid: Path, tmp_path: Path
) -> None:
    settings = ReadSettings(rows=valid, target="y", load_models=True)
    with pytest.raises(ConfigError, match=r"target = y: no column of .*; allowed: mean radius, "):
        ScoredModels(others_store.client, settings, ArtifactCache(tmp_path))


def test_what_a_model_cannot_do_names_run_and_model(
    others_store: Store, rows: pd.DataFrame, valid: Path
) -> None:
    with others_store.run() as line:
        regression = LinearRegression().fit(rows[FEATURES], rows["target"])
        mlflow.sklearn.log_model(regression, name="model", pip_requirements=[])
    with others_store.run() as wide:
        wider = LinearRegression().fit(rows.rename(columns={"mean radius": "r"}), rows["target"])
        mlflow.sklearn.log_model(wider, name="wide", pip_requirements=[])
    probable = scored(others_store, valid, "predict_proba")
    with pytest.raises(DataError, match=r"run .*, model model: a LinearRegression has no method"):
        probable.of(others_store.now(line))
    with pytest.raises(DataError, match=r"model wide: it was fitted with the columns r, which"):
        scored(others_store, valid).of(others_store.now(wide))


def test_a_run_without_a_model_is_passed_over_and_two_nameless_ones_are_refused(
    others_store: Store, rows: pd.DataFrame, valid: Path
) -> None:
    with others_store.run() as none:
        mlflow.log_param("a", 1)
    with others_store.run() as several:
        for name in ("first", "second"):
            mlflow.sklearn.log_model(classifier(rows), name=name, pip_requirements=[])
    models = scored(others_store, valid)
    assert models.of(others_store.now(none)).passed_over == ("it logged no model",)
    with pytest.raises(DataError, match=r"several models \(first, second\)"):
        models.of(others_store.now(several))


def test_of_several_states_of_one_model_the_last_is_scored(
    others_store: Store, rows: pd.DataFrame, valid: Path
) -> None:
    models = [classifier(rows, penalty) for penalty in (1e-6, 1.0)]
    with others_store.run() as run:
        for step, model in enumerate(models):
            mlflow.sklearn.log_model(model, name="model", step=step, pip_requirements=[])
    found = (
        scored(others_store, valid).of(others_store.now(run), choice("accuracy", more=True)).rows
    )
    assert found is not None
    assert found.figure == models[1].score(rows[FEATURES], rows["target"])


def test_runs_that_logged_nothing_but_their_model_are_compared_on_rows_of_the_user(
    others_store: Store, rows: pd.DataFrame, valid: Path
) -> None:
    models = [classifier(rows, penalty) for penalty in (1e-6, 1e-3, 1.0)]
    for model in models:
        with others_store.run():
            mlflow.log_metric("training_score", 1.0)
            mlflow.sklearn.log_model(model, name="model", pip_requirements=[])
    uri = others_store.client.tracking_uri
    with pytest.raises(DataError, match=r"they logged models.*--rows valid.parquet --target y"):
        gather(uri, "others")
    settings = ReadSettings(metric="accuracy", rows=valid, target="target", load_models=True)
    (study,) = gather(uri, "others", settings).studies
    shown = {run.shown for run in study.compared}
    assert shown == {-model.score(rows[FEATURES], rows["target"]) for model in models}
    assert study.understood is not None
    assert study.understood.rows == 200
    assert study.understood.rows_from == "the models, scored on the rows that you gave"
    (unasked,) = gather(
        uri, "others", ReadSettings(rows=valid, target="target", load_models=True)
    ).studies
    assert {run.facts.loss for run in unasked.compared} == {"zero_one"}
