"""What the evaluator plug-in refuses, in words and before anything is written."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.data.evaluation_dataset import EvaluationDataset

from support.evaluated import MARKS, days, evaluate, predicted
from support.mlflow_store import Store
from viewcast.base.errors import ConfigError, DataError
from viewcast.tracking.write.evaluator import Evaluator

pytestmark = MARKS


@pytest.fixture
def store(others_store: Store) -> Store:
    return others_store


def test_several_series_at_the_same_days_are_refused_before_anything_is_written(
    store: Store,
) -> None:
    both = pd.concat([predicted(1.0).assign(channel=name) for name in ("a", "b")])
    with store.run() as run, pytest.raises(Exception, match="2 entities share 35 of 35 times"):
        evaluate(both, time="day", entity="channel")
    assert store.client.list_artifacts(run.info.run_id) == []
    assert store.client.get_run(run.info.run_id).data.metrics == {}


def test_a_model_that_viewcast_cannot_evaluate_is_refused_in_words(store: Store) -> None:
    answers = pd.DataFrame({"question": ["a"], "answer": ["b"], "forecast": ["b"]})
    with (
        store.run() as run,
        pytest.raises(ConfigError, match=r"model_type = 'text'.*allowed: regr"),
    ):
        mlflow.models.evaluate(
            data=answers,
            targets="answer",
            predictions="forecast",
            model_type="text",
            evaluators="viewcast",
        )
    assert store.artifacts(run) == set()


def test_a_second_model_in_the_same_run_is_refused_and_the_first_is_kept(store: Store) -> None:
    with store.run() as run:
        first = evaluate(predicted(1.0))
        again = evaluate(predicted(1.0))
        assert again.metrics == first.metrics
        with pytest.raises(DataError, match="of another model, or of other rows"):
            evaluate(predicted(2.0))
    assert store.table(run)["loss"].mean() == pytest.approx(first.metrics["val_loss"])


def test_a_table_that_somebody_else_stored_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    own = tmp_path / "predictions.parquet"
    pd.DataFrame({"mine": [1]}).to_parquet(own)
    with store.run() as run:
        mlflow.log_artifact(str(own))
        with pytest.raises(DataError, match=r"has an artifact predictions\.parquet already"):
            evaluate(predicted(1.0))
    assert list(store.table(run)) == ["mine"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"los": "mae", "block": 7}, "unknown key evaluator_config.los; allowed: .*loss, .*row"),
        ({"los": "mae"}, "unknown key evaluator_config.los; allowed: .*loss, .*row"),
        ({"loss": "rmsee"}, "evaluator_config.loss = rmsee: unknown; allowed: .*mae, .*mse"),
        ({"block": 0}, "evaluator_config.block = 0: .*greater than or equal to 1"),
        ({"row": "date"}, "evaluator_config.row = date: no column .*; allowed: trend, weekday"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(
    store: Store, settings: dict[str, Any], message: str
) -> None:
    with store.run() as run, pytest.raises(ConfigError, match=message):
        evaluate(predicted(1.0), **settings)
    assert store.artifacts(run) == set()
    assert not any(key.startswith("viewcast") for key in store.now(run).data.tags)


HOLE = pd.Series([np.nan, np.inf], index=[3, 5])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            predicted(1.0).assign(views=lambda rows: HOLE.combine_first(rows["views"])),
            "target: not finite in 1 of 35 rows, the first is '2024-02-06'",
        ),
        (
            predicted(1.0).assign(forecast=HOLE),
            "prediction: not finite in 35 of 35 rows, the first is '2024-02-01'",
        ),
        (predicted(1.0).assign(forecast="many"), "predictions such as 'many', expected numbers"),
        (
            pd.concat([predicted(1.0), predicted(1.0).head(2)]),
            "column 'day': '2024-02-01' occurs twice, 2 of 37 rows repeat another",
        ),
        (predicted(1.0).assign(day=pd.NaT), "column 'day': missing in 35 of 35 rows"),
        (predicted(1.0).head(0), "the data have no rows"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(
    store: Store, data: pd.DataFrame, message: str
) -> None:
    with store.run() as run, pytest.raises(DataError, match=message):
        evaluate(data)
    assert store.artifacts(run) == set()


def test_times_that_repeat_ask_for_a_key(store: Store) -> None:
    twice = pd.concat([predicted(1.0), predicted(2.0)])
    with store.run(), pytest.raises(DataError, match=r"'2024-02-01' occurs twice; name the column"):
        evaluate(twice, time="day")


def test_a_missing_target_or_prediction_is_refused() -> None:
    request: dict[str, Any] = {"model_type": "regressor", "run_id": "x", "evaluator_config": {}}
    with pytest.raises(DataError, match="the data have no target; type targets="):
        Evaluator().evaluate(dataset=EvaluationDataset(days()), **request)
    with pytest.raises(DataError, match="neither model nor predictions; type predictions="):
        Evaluator().evaluate(dataset=EvaluationDataset(days(), targets="views"), **request)


def test_an_answer_of_another_length_is_refused(store: Store) -> None:
    with (
        store.run(),
        pytest.raises(DataError, match=r"prediction: shape \(34,\); expected \(35,\)"),
    ):
        evaluate(days(), lambda rows: rows["trend"].to_numpy()[1:])
