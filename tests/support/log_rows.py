"""Rows to log: numbers, classes, and predictions of both."""

import numpy as np

N = 40
RNG = np.random.default_rng(3)
NUMBERS = RNG.normal(size=N)
CLASSES = np.arange(N) % 2
CHANCES = np.clip(CLASSES * 0.4 + 0.3 + RNG.normal(size=N) / 10, 0.01, 0.99)
THREE = np.arange(N) % 3
OF_THREE = RNG.dirichlet([2, 2, 2], N)
