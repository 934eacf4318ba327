"""Noise of row losses: normal, heavy-tailed, dependent in time; R loops of N rows."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float32]
Kind = Literal["normal", "t3", "AR(.5)", "0-1"]
MEMORY = 0.5
WRONG = 0.8  # of rows of a 0-1 loss whose loss is 0


def inflation(kind: Kind) -> float:
    """By how much dependence makes a mean's standard error greater."""
    return float(np.sqrt((1 + MEMORY) / (1 - MEMORY))) if kind == "AR(.5)" else 1.0


def drawn(rng: np.random.Generator, shape: tuple[int, ...], kind: Kind) -> Floats:
    """Mean 0, variance 1."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    if kind == "t3":
        noise /= np.sqrt(rng.chisquare(3, shape).astype(np.float32))  # variance 3 · 1/3
    elif kind == "AR(.5)":
        noise *= np.float32(np.sqrt(1 - MEMORY**2))
        noise[..., 0] /= np.float32(np.sqrt(1 - MEMORY**2))
        noise = lfilter([1], [1, -MEMORY], noise, axis=-1).astype(np.float32)
    return noise
