"""What metrics are given, checked: numbers, or classes with labels or probabilities.

Shape letters: N rows, C classes. A message begins with the metric's name.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.base.quoted import MOST, quoted, shortened
from viewcast.scoring.metric import Array, Vector

Indices = NDArray[np.intp]
SUM_OF_ONE = 1e-3  # how far probabilities of float16 may be from a sum of 1


def as_array(values: Any) -> NDArray[Any]:
    """Lists, frames and tensors as an array; text as objects, truth values as they are."""
    if hasattr(values, "detach"):  # a tensor, wherever it lies
        values = values.detach().cpu()
        values = values if "bfloat16" not in str(values.dtype) else values.float()
    given = np.asarray(values)
    if given.dtype.kind == "O" and all(isinstance(value, str) for value in given.flat):
        return given
    if given.dtype.kind == "O":  # a column of decimals, of nullable integers
        try:
            return np.asarray(given, np.float64)
        except (TypeError, ValueError, OverflowError):
            return given.astype(str).astype(object)
    if given.dtype.kind in "US":
        return given.astype(str).astype(object)
    return given.astype(np.float32) if given.dtype == np.float16 else given


def numbers(name: str, target: Array, prediction: Array) -> tuple[Vector, Vector]:
    """Targets (N,) and predictions (N,) or (N, 1) as finite numbers."""
    _one_each(name, target, prediction)
    if prediction.ndim == 2 and prediction.shape[1] > 1:
        raise DataError(
            f"{name}: found predictions of shape {prediction.shape}, expected one number for each "
            "row; a metric of class probabilities is meant, such as log_loss or accuracy"
        )
    return _finite(name, "targets", target), _finite(name, "predictions", prediction.reshape(-1))


@dataclass(frozen=True, eq=False)
class Classes:
    """Targets as places (N,) among ``labels`` (C,), which are sorted as scikit-learn sorts them."""

    labels: Array
    target: Indices

    @property
    def counts(self) -> Indices:
        """Rows of each class (C,)."""
        return np.bincount(self.target, minlength=len(self.labels))


def probabilities(name: str, target: Array, prediction: Array) -> tuple[Classes, Vector]:
    """Classes, and the probability of each (N, C).

    Predictions (N,) or (N, 1) are the probability of the greater of two labels.
    """
    _one_each(name, target, prediction)
    values = _finite(name, "predictions", prediction)
    if values.ndim == 1 or values.shape[1] == 1:
        values = values.reshape(-1)
        values = np.stack([1 - values, values], axis=1)
    if (values < 0).any() or (values > 1).any():
        wrong = values[(values < 0) | (values > 1)][0]
        raise DataError(
            f"{name}: found the prediction {wrong:g}, expected probabilities between 0 and 1; "
            "log the output of predict_proba, or of the softmax"
        )
    off = np.abs(values.sum(axis=1) - 1)
    if off.max() > SUM_OF_ONE:
        raise DataError(
            f"{name}: the probabilities of row {off.argmax()} have the sum "
            f"{values[off.argmax()].sum():g}, expected 1; log the output of the softmax"
        )
    return _classes_of_columns(name, target, values.shape[1]), values


def predicted(name: str, target: Array, prediction: Array) -> tuple[Classes, Indices]:
    """Classes, and the one that is predicted (N,).

    Predictions are labels (N,), or probabilities, of which the greatest counts; of a single
    probability of two classes, the greater label from above one half.
    """
    _one_each(name, target, prediction)
    if prediction.ndim == 2 and prediction.shape[1] == 1:
        prediction = prediction[:, 0]
    if prediction.ndim == 2 or _are_probabilities(target, prediction):
        classes, chances = probabilities(name, target, prediction)
        return classes, chances.argmax(axis=1)
    if prediction.dtype.kind == "f" and not np.isin(prediction % 1, 0).all():
        raise DataError(
            f"{name}: found the prediction {prediction[prediction % 1 != 0][0]:g}, expected class "
            "labels or probabilities between 0 and 1"
        )
    _comparable(name, target, prediction)
    both = np.concatenate([_plain(target), _plain(prediction)])
    codes, labels = _factorized(name, both)
    return Classes(labels, codes[: len(target)]), codes[len(target) :]


def scores(name: str, target: Array, prediction: Array) -> tuple[Classes, Vector]:
    """Classes, and a score of each (N, C) that ranks the rows: any number, no probability needed.

    Of two classes, (N, 2) or (N,), the score of the greater label is kept, (N, 1).
    """
    _one_each(name, target, prediction)
    values = _finite(name, "predictions", prediction)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    columns = values.shape[1]
    classes = _classes_of_columns(name, target, max(columns, 2))
    return classes, values[:, -1:] if columns == 2 else values


def _classes_of_columns(name: str, target: Array, columns: int) -> Classes:
    """Classes of probabilities in ``columns`` columns, sorted by label."""
    codes, labels = _factorized(name, _plain(target))
    if labels.dtype.kind in "iuf" and labels.min() >= 0 and labels.max() < columns:
        return Classes(np.arange(columns), labels.astype(np.intp)[codes])
    if len(labels) != columns:
        found = ", ".join(shortened(str(label), MOST) for label in labels[:5])
        raise DataError(
            f"{name}: found {len(labels)} classes among the targets ({found}) and probabilities "
            f"of {columns}: which column belongs to which class cannot be told; log the targets "
            "as numbers of the columns, from 0"
        )
    return Classes(labels, codes)


def _are_probabilities(target: Array, prediction: Array) -> bool:
    """Whether predictions (N,) are probabilities of the greater of two labels, not labels."""
    if prediction.dtype.kind != "f" or not ((prediction >= 0) & (prediction <= 1)).all():
        return False
    return not np.isin(prediction, (0.0, 1.0)).all()


def _factorized(name: str, values: Array) -> tuple[Indices, Array]:
    """Places (N,) among the sorted labels."""
    codes, labels = pd.factorize(values, sort=True)
    if (codes < 0).any():
        raise DataError(f"{name}: {(codes < 0).sum():,} of {len(values):,} labels are missing")
    return codes.astype(np.intp, copy=False), np.asarray(labels)


def _plain(labels: Array) -> Array:
    return labels.astype(np.int64) if labels.dtype.kind == "b" else labels


def _comparable(name: str, target: Array, prediction: Array) -> None:
    def text(values: Array) -> bool:
        return values.dtype.kind not in "biuf"

    if text(target) != text(prediction):
        raise DataError(
            f"{name}: found the target {quoted(str(target[0]))} and the prediction "
            f"{quoted(str(prediction[0]))}, expected labels of one kind"
        )


def _one_each(name: str, target: Array, prediction: Array) -> None:
    right = target.ndim == 1 and prediction.ndim in (1, 2) and len(prediction) == len(target)
    if not right or not len(target):
        raise DataError(
            f"{name}: found targets of shape {target.shape} and predictions of shape "
            f"{prediction.shape}, expected (rows,) and (rows,) or (rows, classes)"
        )


def _finite(name: str, what: str, values: Array) -> Vector:
    try:
        given = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name}: found {what} such as {quoted(str(values.flat[0]))}, expected numbers"
        ) from None
    wrong = int((~np.isfinite(given)).sum())
    if wrong:
        raise DataError(
            f"{name}: {wrong:,} of {given.size:,} {what} are not finite numbers; "
            "expected finite ones"
        )
    return given
