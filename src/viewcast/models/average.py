"""The average of several fitted models, such as seeds of a network, or a network and trees."""

from dataclasses import dataclass as plain
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

from viewcast.models.fitted import Fitted, Vector, fitted_kind
from viewcast.models.members import packed, unpacked


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Average:
    """The mean prediction of finished runs, on the scale that they learn.

    ``of``: names of experiments of the pipeline. It is one candidate of its own among them.
    ``features``: empty; each member has its own.
    """

    name: str
    of: tuple[str, ...]
    features: list[str]
    kind: ClassVar[str] = "average"

    @model_validator(mode="after")
    def _has_members(self) -> "Average":
        if len(set(self.of)) < 2 or len(set(self.of)) < len(self.of):
            raise ValueError(f"of = {list(self.of)}: expected two or more different experiments")
        return self


@fitted_kind
@plain(frozen=True)
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
