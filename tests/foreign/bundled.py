"""Data that come with scikit-learn, in three parts: training, validation, and fresh rows.

Fresh rows are held back: no experiment logs anything of them. They tell what a winner is worth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """Features (N, F) and targets (N,) of each part; features have mean 0 and deviation 1."""

    x: Rows
    y: Rows
    x_val: Rows
    y_val: Rows
    x_fresh: Rows
    y_fresh: Rows

    @classmethod
    def of(cls, x: Rows, y: Rows, train: int, validation: int, seed: int = 0) -> "Parts":
        """The first rows of a random order, the next ones, and the rest."""
        order = np.random.default_rng(seed).permutation(len(y))
        scale = x.std(axis=0)
        x = ((x - x.mean(axis=0)) / np.where(scale > 0, scale, 1))[order]
        y = y[order]
        end = train + validation
        return cls(x[:train], y[:train], x[train:end], y[train:end], x[end:], y[end:])


def diabetes(train: int = 150, validation: int = 150, seed: int = 0) -> Parts:
    """442 patients, 10 features: the progress of their illness after a year."""
    return Parts.of(*datasets.load_diabetes(return_X_y=True), train, validation, seed)


def cancer(train: int = 200, validation: int = 200, seed: int = 0) -> Parts:
    """569 tumours, 30 features: 1 where benign (63 %)."""
    return Parts.of(*datasets.load_breast_cancer(return_X_y=True), train, validation, seed)


def digits(train: int = 300, validation: int = 300, seed: int = 0) -> Parts:
    """1,797 pictures of 8 × 8 points: which of ten digits."""
    return Parts.of(*datasets.load_digits(return_X_y=True), train, validation, seed)
