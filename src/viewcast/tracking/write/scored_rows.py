"""The rows of an evaluation by MLflow, scored: what was predicted for each, and what it lost."""

from typing import Annotated, Any

import pandas as pd
from pydantic import ConfigDict, Field, SkipValidation
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError, DataError
from viewcast.data.row_keys import keys_of
from viewcast.scoring.metrics import OF_PROBABILITIES
from viewcast.scoring.metrics.named import MetricLike, metric_named
from viewcast.tracking.tags import VALIDATION
from viewcast.tracking.write.row_scores import RowScores, row_scores

TYPES = ("regressor", "classifier")  # model_type of mlflow.models.evaluate


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Settings:
    """The keys of ``evaluator_config``.

    ``loss``: the metric, by its name or as a function of targets and predictions that gives the
    loss of each row; by default mse of regressors, and of classifiers log_loss, or zero_one where
    they tell labels alone. ``row``, ``time``, ``entity``: columns or index levels of the data that
    name its rows, as in ``viewcast.data.row_keys``; without ``row`` and ``time`` it is the
    index, and where that only counts the rows their position. ``block``: least length of
    dependence, in rows: a week of days is 7; 1 where rows are independent.
    """

    loss: SkipValidation[MetricLike | None] = None
    row: str | None = None
    time: str | None = None
    entity: str | None = None
    block: Annotated[int, Field(ge=1)] = 1


def scored(
    dataset: Any, model: Any, output: str | None, settings: Settings, model_type: str
) -> RowScores:
    """The validation rows of an evaluation, in order of time.

    ``dataset``: what MLflow hands to an evaluator. ``model``: None where the dataset holds the
    predictions; it is given the features as they are, less the columns that only name rows if it
    has no signature by which MLflow picks its own. A classifier is asked for its probabilities
    where the metric is one of them and it has any. ``output``: the column of the predictions where
    the model predicts several.

    Refuses (ConfigError) a key that is no column, an unknown metric; (DataError) no rows, no
    target, rows that cannot be told apart, and what the metric refuses.
    """
    if settings.loss is not None:
        metric_named(settings.loss, "evaluator_config.loss")
    features = dataset.features_data
    if not isinstance(features, pd.DataFrame):
        features = pd.DataFrame(features)
    if features.empty and not len(features):
        raise DataError("the data have no rows; expected one per target")
    if dataset.labels_data is None:
        raise DataError("the data have no target; type targets=<its column>")
    keys = _keys(features, settings)
    metric, classes = settings.loss, None
    if metric is None and model_type == "regressor":
        metric = "mse"
    if model is None:
        predicted = dataset.predictions_data
        if predicted is None:
            raise DataError("neither model nor predictions; type predictions=<their column>")
    else:
        chances = None
        if model_type == "classifier" and output is None and metric in (None, *OF_PROBABILITIES):
            chances, classes = _chances(model, dataset.features_data, settings)
        predicted = chances
        if predicted is None:
            predicted = _output(_predict(model, dataset.features_data, settings), output)
    return row_scores(
        keys, dataset.labels_data, predicted, metric, VALIDATION, settings.block, classes
    )


def _keys(features: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Keys of the rows by time; the index counts the rows as they stand in the data."""
    index = features.index
    levels = [str(name) if name is not None else "index" for name in index.names]
    named = index.set_names(levels).to_frame(index=False)
    columns = features.rename(columns=str).reset_index(drop=True)
    known = columns.join(named[[level for level in levels if level not in columns]])
    for key in ("row", "time", "entity"):
        column = getattr(settings, key)
        if column is not None and column not in known:
            raise ConfigError(
                f"evaluator_config.{key} = {column}: no column of the features and no level of "
                f"their index; allowed: {', '.join(map(str, known))}"
            )
    row = settings.row
    counted = isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(index)))
    if row is None and settings.time is None and len(levels) == 1 and not counted:
        row = levels[0]
    keys = keys_of(known, row, settings.time, settings.entity)
    twice = keys.duplicated(["entity", "time"])
    if row is None and twice.any():
        raise DataError(
            f"column {settings.time!r}: {keys.loc[twice, 'time'].iloc[0]!r} occurs twice; name "
            "the column that tells such rows apart: evaluator_config.row or .entity"
        )
    return keys


def _predict(model: Any, features: Any, settings: Settings) -> Any:
    return model.predict(_without_keys(model, features, settings))


def _without_keys(model: Any, features: Any, settings: Settings) -> Any:
    """The features less what only names rows, where no signature tells MLflow which are meant."""
    given = features.copy()
    metadata = getattr(model, "metadata", None)
    if isinstance(given, pd.DataFrame) and metadata is not None and metadata.signature is None:
        names = (settings.row, settings.time, settings.entity)
        given = given.drop(columns=[name for name in names if name in given])
    return given


def _chances(model: Any, features: Any, settings: Settings) -> tuple[Any, Any]:
    """The class probabilities (N, C) of the model behind MLflow's, and their labels; None without.

    MLflow's own predict answers with labels alone where a classifier of scikit-learn was logged.
    """
    try:
        raw = model.get_raw_model()
    except (AttributeError, NotImplementedError):
        return None, None
    if not hasattr(raw, "predict_proba"):
        return None, None
    given = _without_keys(model, features, settings)
    signature = model.metadata.signature
    inputs = signature.inputs if signature is not None else None
    if isinstance(given, pd.DataFrame) and inputs is not None and inputs.has_input_names():
        given = given[inputs.input_names()]
    return raw.predict_proba(given), getattr(raw, "classes_", None)


def _output(predicted: Any, output: str | None) -> Any:
    """The one column that is meant, of a model that answers with a table."""
    if not isinstance(predicted, pd.DataFrame):
        return predicted
    if output is None and predicted.shape[1] == 1:
        return predicted.iloc[:, 0]
    if output is None or output not in predicted:
        raise ConfigError(
            f"predictions = {output}: the model answers with the columns "
            f"{', '.join(map(str, predicted))}; type predictions=<one of them>"
        )
    return predicted[output]
