"""Classifiers by the evaluator plug-in: their labels, and the probabilities that they give."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from support.evaluated import MARKS, NO_EXPLANATION
from support.mlflow_store import Store

pytestmark = MARKS


@pytest.fixture
def store(others_store: Store) -> Store:
    return others_store


def patients(count: int = 60) -> pd.DataFrame:
    """Rows of two classes by their names, with a feature that tells something of them."""
    rng = np.random.default_rng(5)
    ill = rng.random(count) < 0.4
    marker = ill + rng.normal(size=count)
    return pd.DataFrame({"marker": marker, "state": np.where(ill, "ill", "well")})


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = patients()
    model = LogisticRegression().fit(rows[["marker"]], rows["state"])
    signature = infer_signature(rows[["marker"]], model.predict(rows[["marker"]]))
    folder = tmp_path_factory.mktemp("models") / "classifier"
    mlflow.sklearn.save_model(model, folder, signature=signature, pip_requirements=[])
    return folder


def evaluate_classes(model: Any, data: Any, **request: Any) -> mlflow.models.EvaluationResult:
    return mlflow.models.evaluate(model, data, targets="state", model_type="classifier", **request)


@pytest.mark.parametrize(
    ("loss", "name", "known"),
    [
        (None, "val_loss", log_loss),
        ("brier", "val_loss", lambda y, p: brier_score_loss(y, p[:, 1], pos_label="well")),
        ("roc_auc", "val_roc_auc", lambda y, p: roc_auc_score(y, p[:, 1])),
        ("zero_one", "val_loss", lambda y, p: np.mean((p[:, 1] > 0.5) != (y == "well"))),
    ],
)
def test_a_classifier_is_scored_by_its_probabilities(
    store: Store, classifier: Path, loss: str | None, name: str, known: Any
) -> None:
    config = {} if loss is None else {"loss": loss}
    with store.run() as run:
        result = evaluate_classes(
            str(classifier), patients(), evaluators="viewcast", evaluator_config=config
        )
    chances = mlflow.sklearn.load_model(str(classifier)).predict_proba(patients()[["marker"]])
    expected = known(patients()["state"], chances)
    assert result.metrics[name] == pytest.approx(expected)
    assert abs(store.table(run)["loss"].mean()) == pytest.approx(expected)
    assert store.now(run).data.tags["viewcast.loss"] == (loss or "log_loss")


def test_labels_alone_are_scored_by_how_many_are_wrong(store: Store) -> None:
    rows = patients().assign(guess=lambda rows: np.where(rows["marker"] > 0.5, "ill", "well"))
    with store.run():
        result = evaluate_classes(None, rows, predictions="guess", evaluators="viewcast")
    assert result.metrics["val_loss"] == np.mean(rows["guess"] != rows["state"])


def test_a_classifier_is_evaluated_beside_the_evaluator_of_mlflow(
    store: Store, classifier: Path
) -> None:
    with store.run() as run:
        result = evaluate_classes(
            str(classifier),
            patients(),
            evaluators=["default", "viewcast"],
            evaluator_config={"default": {**NO_EXPLANATION, "log_plots": False}},
        )
    assert result.metrics["val_loss"] == pytest.approx(result.metrics["log_loss"])
    assert store.now(run).data.metrics["looks"] == 1
