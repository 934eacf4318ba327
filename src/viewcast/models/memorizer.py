"""The memorising function, the canary of overfitting; twice, the canary of validation reuse."""

from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.models.fitted import FittedMemory
from viewcast.models.model import LOOKUP


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Memorizer:
    """Remembers the target of every row of the splits it is shown; predicts 0 elsewhere.

    ``remembers``: the splits it is shown. ``features``: none, since it keys on the row itself and
    not on its features: two lectures may have equally many pages.
    """

    name: str
    remembers: Annotated[list[Literal["train", "validation"]], Field(min_length=1)]
    features: list[str]
    kind: ClassVar[str] = LOOKUP

    def look_up(self, train: pd.DataFrame, validation: pd.DataFrame) -> FittedMemory:
        """The memory of the rows shown."""
        shown = {"train": train, "validation": validation}
        seen = pd.concat([shown[split] for split in self.remembers])
        return FittedMemory(["row"], dict(zip(seen["row"], seen["target"], strict=True)))
