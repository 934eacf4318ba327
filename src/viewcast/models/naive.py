"""What any model must beat: the last value, the value a season ago, or the mean."""

from typing import ClassVar

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.models.fitted import FittedNaive
from viewcast.models.model import LOOKUP


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Naive:
    """Predicts its one feature as it stands; with an empty feature set, the training mean.

    ``features`` names a feature set of the data: ``naive`` (yesterday) or ``seasonal`` (the same
    weekday last week).
    """

    name: str
    features: str | list[str]
    kind: ClassVar[str] = LOOKUP

    def look_up(self, train: pd.DataFrame, validation: pd.DataFrame) -> FittedNaive:
        """``train`` holds the key, the target and the model's features."""
        inputs = [column for column in train.columns if column not in ("row", "target")]
        if len(inputs) > 1:
            raise ConfigError(
                f"model = {self.name}: predicts one feature as it stands, found {inputs}; "
                "choose model.features with one column or none"
            )
        return FittedNaive(inputs, float(train["target"].mean()))
