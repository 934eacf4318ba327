"""What any model must beat: the last value, the value a season ago, or the mean."""

from typing import ClassVar

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.data.table import target_columns
from viewcast.models.fitted import FittedNaive
from viewcast.models.model import LOOKUP


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Naive:
    """Predicts its features as they stand; with an empty feature set, the training mean.

    ``features`` names a feature set of the data: ``naive`` (yesterday) or ``seasonal`` (the same
    weekday last week). One feature is the prediction of every output; else there is one for each.
    """

    name: str
    features: str | list[str]
    kind: ClassVar[str] = LOOKUP

    def look_up(self, train: pd.DataFrame, validation: pd.DataFrame) -> FittedNaive:
        """``train`` holds the key, the target and the model's features."""
        outputs = target_columns(train.columns)
        inputs = [column for column in train.columns if column not in ("row", *outputs)]
        if len(inputs) > 1 and len(inputs) != len(outputs):
            raise ConfigError(
                f"model = {self.name}: predicts one feature as it stands, or one for each of "
                f"{len(outputs)} outputs, found {inputs}; choose model.features with one column, "
                "none, or one for each output"
            )
        return FittedNaive(inputs, float(train[outputs].to_numpy().mean()), len(outputs))
