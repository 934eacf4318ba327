"""Trees in LightGBM's text format, read and followed without LightGBM.

Shape letters: N rows, F features.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
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


def trees_of(text: str) -> list[Tree]:
    """The trees of a model in LightGBM's text format, in the order in which they are added.

    Raises ValueError for a tree whose nodes do not fit each other.
    """
    _, *sections = text.partition("end of trees")[0].split("\nTree=")
    return [_tree(section) for section in sections]


def _tree(section: str) -> Tree:
    lines = dict(line.split("=", 1) for line in section.splitlines() if "=" in line)

    def numbers(key: str, dtype: type) -> Any:
        return np.array(lines.get(key, "").split(), dtype=dtype)

    tree = Tree(
        numbers("split_feature", np.int64),
        numbers("threshold", np.float64),
        numbers("left_child", np.int64),
        numbers("right_child", np.int64),
        numbers("leaf_value", np.float64),
    )
    if not _fits(tree):
        raise ValueError(f"tree {section.partition(chr(10))[0]}: its nodes do not fit each other")
    return tree


def _fits(tree: Tree) -> bool:
    """Whether every way through the tree ends in one of its leaves: a node's number is above that
    of the node before it.
    """
    nodes, leaves = len(tree.feature), len(tree.leaves)
    if not len(tree.threshold) == len(tree.left) == len(tree.right) == nodes == leaves - 1:
        return False
    before = np.arange(nodes)
    return all(
        bool(((side < nodes) & (side >= -leaves) & ((side > before) | (side < 0))).all())
        for side in (tree.left, tree.right)
    ) and bool((tree.feature >= 0).all())
