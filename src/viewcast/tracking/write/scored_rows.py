"""The rows of an evaluation by MLflow, scored: what was predicted for each, and what it lost."""

from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError, DataError
from viewcast.tracking.metric_names import LOSSES
from viewcast.tracking.row_keys import keys_of
from viewcast.tracking.tags import VALIDATION

COLUMNS = ["entity", "time", "row", "split", "target", "prediction", "loss"]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Settings:
    """The keys of ``evaluator_config``.

    ``row``, ``time``, ``entity``: columns or index levels of the data that name its rows, as in
    ``viewcast.tracking.row_keys``; without ``row`` and ``time`` it is the index, and where that
    only counts the rows their position. ``block``: least length of dependence, in rows: a week of
    days is 7; 1 where rows are independent.
    """

    loss: Literal["mse", "mae"] = "mse"
    row: str | None = None
    time: str | None = None
    entity: str | None = None
    block: Annotated[int, Field(ge=1)] = 1


def scored(dataset: Any, model: Any, output: str | None, settings: Settings) -> pd.DataFrame:
    """Columns entity, time, row, split (validation), target, prediction, loss, in order of time.

    ``dataset``: what MLflow hands to an evaluator. ``model``: None where the dataset holds the
    predictions; it is given the features as they are, less the columns that only name rows if it
    has no signature by which MLflow picks its own. ``output``: the column of the predictions where
    the model predicts several.

    Refuses (ConfigError) a key that is no column; (DataError) no rows, no target, rows that cannot
    be told apart, and a target or a prediction that is no finite number.
    """
    features = dataset.features_data
    if not isinstance(features, pd.DataFrame):
        features = pd.DataFrame(features)
    if features.empty and not len(features):
        raise DataError("the data have no rows; expected one per target")
    if dataset.labels_data is None:
        raise DataError("the data have no target; type targets=<its column>")
    keys = _keys(features, settings)
    if model is None:
        predicted = dataset.predictions_data
        if predicted is None:
            raise DataError("neither model nor predictions; type predictions=<their column>")
    else:
        predicted = _output(_predict(model, dataset.features_data, settings), output)
    target = _finite(dataset.labels_data, "target", keys)
    prediction = _finite(predicted, "prediction", keys)
    scores = pd.DataFrame(
        {
            "split": VALIDATION,
            "target": target,
            "prediction": prediction,
            "loss": LOSSES[settings.loss].rows(prediction, target),
        }
    )
    return keys.join(scores)[COLUMNS].reset_index(drop=True)


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
    given = features.copy()
    metadata = getattr(model, "metadata", None)
    if isinstance(given, pd.DataFrame) and metadata is not None and metadata.signature is None:
        names = (settings.row, settings.time, settings.entity)
        given = given.drop(columns=[name for name in names if name in given])
    return model.predict(given)


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


def _finite(values: Any, what: str, keys: pd.DataFrame) -> NDArray[np.float64]:
    """As a vector (N,) of finite numbers, one per row."""
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: no numbers ({error}); expected one per row") from error
    if vector.shape not in ((len(keys),), (len(keys), 1)):
        raise DataError(
            f"{what}: shape {vector.shape}; expected {(len(keys),)}, one number per row"
        )
    vector = vector.reshape(-1)
    wrong = ~np.isfinite(vector)
    if wrong.any():
        first = keys["row"].loc[int(np.flatnonzero(wrong)[0])]
        raise DataError(
            f"{what}: not finite in {int(wrong.sum())} of {len(keys)} rows, the first is {first!r};"
            " leave such rows out of the data, of every run alike"
        )
    return vector
