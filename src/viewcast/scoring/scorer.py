"""Row scores of predictions: by the loss, or by a measure of views.

Shape letters: N rows, O outputs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.logarithm import expm1
from viewcast.data.table import target_columns
from viewcast.scoring.loss import Loss, Vector, row_losses
from viewcast.scoring.measure import Measure

DIGITS = 3  # of views


@dataclass(frozen=True)
class Scorer:
    """How predictions of rows of the prepared table are scored.

    ``measure``: None where the loss itself is shown.
    """

    loss: Loss
    measure: Measure | None = None

    @property
    def name(self) -> str:
        """Of what is shown."""
        return self.loss.name if self.measure is None else self.measure.name

    def unit(self, unit: str) -> str:
        """The unit of a score, given that of the targets."""
        return self.loss.unit(unit) if self.measure is None else self.measure.unit

    def rows(self, predicted: Vector, rows: pd.DataFrame) -> Vector:
        """The score of each row (N,) for predictions (N,) or (N, O).

        Refuses (DataError) scores that are not finite.
        """
        target = rows[target_columns(rows.columns)].to_numpy(np.float64)
        if self.measure is None:
            of_outputs = row_losses(self.loss, predicted.reshape(-1), target.reshape(-1))
            return np.asarray(of_outputs.reshape(target.shape).mean(axis=1))
        if not len(rows):
            return np.zeros(0)
        scores = self.measure.rows(*(in_views(each, rows) for each in (predicted, target)))
        wrong = ~np.isfinite(scores) | ~np.isfinite(predicted.reshape(len(rows), -1)).all(axis=1)
        if wrong.any():
            place = int(wrong.argmax())
            raise DataError(
                f"measure = {self.measure.name}: {wrong.sum():,} of {len(rows):,} rows have no "
                f"score, the first is {rows['row'].iloc[place]!r}; its forecast is no number"
            )
        return scores

    def columns(self, predicted: Vector, rows: pd.DataFrame, known: bool = True) -> dict[str, Any]:
        """``target`` and ``prediction`` of a table of predictions, numbered if there are several.

        In views where a measure scores these. ``known``: whether there is a target to show.
        """
        names = target_columns(rows.columns)
        target = rows[names].to_numpy(np.float64)
        if not known:
            target = np.full_like(target, np.nan)
        if self.measure is not None:
            predicted, target = in_views(predicted, rows), in_views(target, rows)
        both = {"target": target, "prediction": predicted.reshape(target.shape)}
        return {
            name.replace("target", part): values[:, place]
            for part, values in both.items()
            for place, name in enumerate(names)
        }


def in_views(logs: Vector, rows: pd.DataFrame) -> Vector:
    """Views (N, O) from log views less the ``level`` of each row, (N,) or (N, O); never below 0.

    Rounded to thousandths: features are float32, so that a forecast of no views comes back as a ten
    millionth of one, which a percentage error would take for a miss where none came.
    """
    if "level" not in rows:
        raise DataError(
            "measure: scores forecasts of views, and these data have no level that targets are "
            "relative to; take measure=null, or a data set of videos"
        )
    level = rows["level"].to_numpy(np.float64)[:, np.newaxis]
    of_outputs = logs if logs.ndim == 2 else logs[:, np.newaxis]
    return np.asarray(np.maximum(expm1(of_outputs + level), 0.0).round(DIGITS))
