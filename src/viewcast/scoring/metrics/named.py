"""The metric that a user names, or gives as a function of targets and predictions.

Shape letter: N rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.quoted import MOST, shortened
from viewcast.scoring.metric import Array, Metric, RowValues
from viewcast.scoring.metrics import NAMES, metric_of

Function = Callable[[Array, Array], Any]
MetricLike = str | Function


@dataclass(frozen=True)
class OwnLoss:
    """A function of the user's: targets (N,) and predictions to the loss of each row (N,)."""

    name: str
    function: Function
    more_is_better: bool = False

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """What the function gives; refuses (DataError) anything but one finite number a row."""
        values = np.asarray(self.function(target, prediction))
        if values.shape != target.shape or values.dtype.kind not in "biuf":
            raise DataError(
                f"{self.name}: gave {values.dtype} of shape {values.shape}, expected one number "
                f"for each of {len(target)} rows; leave out the mean over rows"
            )
        wrong = int((~np.isfinite(values)).sum())
        if wrong:
            raise DataError(f"{self.name}: {wrong} of {len(target)} rows have no finite loss")
        return RowValues(values.astype(np.float64))


def metric_named(metric: MetricLike, where: str = "metric") -> Metric:
    """The metric of a name or a function; ``where``: the setting, for the error (ConfigError)."""
    if callable(metric):
        return OwnLoss(str(getattr(metric, "__name__", type(metric).__name__)), metric)
    known = metric_of(metric)
    if known is None:
        raise ConfigError(
            f"{where} = {shortened(str(metric), MOST)}: unknown; allowed: {', '.join(NAMES)}, or a "
            "function of targets and predictions that gives the loss of each row"
        )
    return known
