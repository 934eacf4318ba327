"""The average of several fitted models, such as seeds of a network, or a network and trees."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.models.fitted import Fitted, Vector, fitted_kind
from viewcast.models.members import packed, unpacked


@fitted_kind
@dataclass(frozen=True)
class FittedAverage:
    """The mean of what its members predict; members may be of different kinds."""

    members: tuple[Fitted, ...]
    kind: ClassVar[str] = "average"

    @property
    def inputs(self) -> list[str]:
        """The columns of all members."""
        return list(dict.fromkeys(name for member in self.members for name in member.inputs))

    def predict(self, rows: pd.DataFrame) -> Vector:
        """Mean predictions, (N,) or (N, O)."""
        total = self.members[0].predict(rows)
        for member in self.members[1:]:
            total = total + member.predict(rows)
        return np.asarray(total / len(self.members))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Those of the members (``viewcast.models.members``)."""
        return packed(self.members)

    def figures(self) -> dict[str, float]:
        """How many members there are."""
        return {"members": float(len(self.members))}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedAverage":
        """The inverse of ``arrays``."""
        return cls(unpacked(arrays))
