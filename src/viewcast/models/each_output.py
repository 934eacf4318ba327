"""A model of its own for each output, such as a set of trees."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.models.fitted import Fitted, Vector, fitted_kind
from viewcast.models.members import packed, unpacked


@fitted_kind
@dataclass(frozen=True)
class FittedEachOutput:
    """Member o predicts output o; all have the same inputs."""

    members: tuple[Fitted, ...]
    kind: ClassVar[str] = "each_output"

    @property
    def inputs(self) -> list[str]:
        """The columns of every member."""
        return self.members[0].inputs

    def predict(self, rows: pd.DataFrame) -> Vector:
        """Predictions (N, O)."""
        return np.stack([member.predict(rows) for member in self.members], axis=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Those of the members (``viewcast.models.members``)."""
        return packed(self.members)

    def figures(self) -> dict[str, float]:
        """The sums of the members' figures."""
        names = self.members[0].figures()
        return {name: sum(member.figures()[name] for member in self.members) for name in names}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedEachOutput":
        """The inverse of ``arrays``."""
        return cls(unpacked(arrays))
