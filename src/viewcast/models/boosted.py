"""Boosted trees: y = c + Σ treeₜ(x), each tree a constant on boxes of the feature space."""

from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.models.fitted import Vector, fitted_kind

Ints = NDArray[np.int64]


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


@plain(frozen=True)
class Tree:
    """Inner nodes in arrays of the same length, and the values of the leaves.

    A row whose ``feature`` is at most the ``threshold`` goes to the node ``left``, else to
    ``right``; a number n below 0 is leaf -n - 1.
    """

    feature: Ints
    threshold: Vector
    left: Ints
    right: Ints
    leaves: Vector

    def predict(self, x: Vector) -> Vector:
        """The value of the leaf (N,) that each row of x (N, F) falls into."""
        node = np.full(len(x), 0 if len(self.feature) else -1)
        inner = np.flatnonzero(node >= 0)
        while len(inner):
            at = node[inner]
            low = x[inner, self.feature[at]] <= self.threshold[at]
            node[inner] = np.where(low, self.left[at], self.right[at])
            inner = inner[node[inner] >= 0]
        values: Vector = self.leaves[-node - 1]
        return values


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
        _, *sections = self.text.partition("end of trees")[0].split("\nTree=")
        return [_tree(section) for section in sections]

    def predict(self, rows: pd.DataFrame) -> Vector:
        """Predictions (N,) from the input columns."""
        x = rows[self.inputs].to_numpy(np.float64)
        total = np.zeros(len(x))
        for tree in self.trees:
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
        return cls(inputs, float(arrays["constant"][0]), arrays["text"].tobytes().decode())


def _tree(section: str) -> Tree:
    lines = dict(line.split("=", 1) for line in section.splitlines() if "=" in line)

    def numbers(key: str, dtype: type) -> Any:
        return np.array(lines.get(key, "").split(), dtype=dtype)

    return Tree(
        numbers("split_feature", np.int64),
        numbers("threshold", np.float64),
        numbers("left_child", np.int64),
        numbers("right_child", np.int64),
        numbers("leaf_value", np.float64),
    )
