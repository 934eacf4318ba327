"""Boosted trees: y = c + Σ treeₜ(x), each tree a constant on boxes of the feature space."""

from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.models.arrays import ANY, array
from viewcast.models.fitted import Vector, fitted_kind
from viewcast.models.trees import Tree, trees_of


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Boosted:
    """Trees of at most ``leaves`` leaves and ``depth`` levels (null: any), summed.

    ``features`` names a feature set of the data or lists columns. ``leaf_rows``: the fewest
    training rows of a leaf.
    """

    name: str
    features: str | list[str]
    leaves: Annotated[int, Field(ge=2)]
    depth: Annotated[int, Field(ge=1)] | None
    leaf_rows: Annotated[int, Field(ge=1)]
    kind: ClassVar[str] = "trees"


@fitted_kind
@plain(frozen=True)
class FittedTrees:
    """A constant and trees in LightGBM's text format, read here without LightGBM.

    Predictions are equal to LightGBM's to the bit: trees are added in their order.
    """

    inputs: list[str]
    constant: float
    text: str
    kind: ClassVar[str] = "trees"

    @property
    def trees(self) -> list[Tree]:
        """The trees of the text."""
        return trees_of(self.text)

    def predict(self, rows: pd.DataFrame) -> Vector:
        """Predictions (N,) from the input columns.

        Refuses (DataError) trees of more inputs than there are.
        """
        x = rows[self.inputs].to_numpy(np.float64)
        total = np.zeros(len(x))
        for tree in self.trees:
            if tree.feature.max(initial=-1) >= len(self.inputs):
                raise DataError(f"a tree asks for more than the {len(self.inputs)} inputs")
            total += tree.predict(x)
        return self.constant + total

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The constant, and the text in UTF-8."""
        text = np.frombuffer(self.text.encode(), dtype=np.uint8)
        return {"constant": np.array([self.constant]), "text": text}

    def figures(self) -> dict[str, float]:
        """How many trees there are."""
        return {"trees": float(len(self.trees))}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedTrees":
        """The inverse of ``arrays``."""
        text = array(arrays, "text", (ANY,), "u").tobytes().decode()
        return cls(inputs, float(array(arrays, "constant", (1,))[0]), text)
