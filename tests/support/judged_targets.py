"""Targets of every kind, and predictions of them that are as good as is asked."""

from typing import Any

import numpy as np

ROWS = 120
GATE = 90  # the others are hidden
RNG = np.random.default_rng(1)
AMOUNTS = RNG.uniform(1.0, 3.0, ROWS)
CLASSES = np.resize([0, 1, 1], ROWS)[RNG.permutation(ROWS)]
TEXT = np.array(["bird", "cat", "dog"], object)[np.resize([0, 1, 2], ROWS)]


def amounts(seed: int, noise: float) -> Any:
    return AMOUNTS + noise * np.random.default_rng(seed).standard_normal(ROWS)


def chances(seed: int, noise: float) -> Any:
    """Probability of class 1, nearer to the truth with less noise."""
    wrong = np.random.default_rng(seed).uniform(0.01, 0.99, ROWS)
    return (1 - noise) * (0.1 + 0.8 * CLASSES) + noise * wrong


def of_three(seed: int, noise: float) -> Any:
    """Probabilities of three classes in the order of their names."""
    right = np.eye(3)[np.searchsorted(["bird", "cat", "dog"], TEXT.astype(str))]
    wrong = np.random.default_rng(seed).dirichlet([1, 1, 1], ROWS)
    return (1 - noise) * (0.1 + 0.7 * right) + noise * wrong


def names(seed: int, noise: float) -> Any:
    """Predicted classes by name."""
    return np.array(["bird", "cat", "dog"], object)[of_three(seed, noise).argmax(axis=1)]
