"""Trajectories: the losses of the validation rows after every epoch, for the choice of the best.

Shape letters: K candidates, M validation rows, E epochs. Up to ``CELLS`` rows are kept one by one;
more are averaged over cells of ⌈M / CELLS⌉ consecutive rows, the last cell may be shorter.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = Any  # a numpy array or a torch tensor
CELLS = 512

Losses = NDArray[np.float32]


def cell_count(rows: int) -> int:
    """How many cells so many rows make."""
    return -(-rows // cell_size(rows))


def cell_size(rows: int) -> int:
    """How many rows a cell has."""
    return max(1, -(-rows // CELLS))


def in_cells(losses: Array) -> Array:
    """Mean losses of cells (K, cells), from those of rows (K, M); arrays and tensors alike."""
    rows, size = losses.shape[-1], cell_size(losses.shape[-1])
    if size == 1:
        return losses
    full = rows // size
    shape = len(losses), cell_count(rows)
    means = (
        np.empty(shape, losses.dtype) if isinstance(losses, np.ndarray) else losses.new_empty(shape)
    )
    means[:, :full] = losses[:, : full * size].reshape(-1, full, size).mean(-1)
    if rows % size:
        means[:, full] = losses[:, full * size :].mean(-1)
    return means


def frame(losses: Losses) -> pd.DataFrame:
    """Losses (E, cells) as columns epoch (int32, from 1) and losses (one array for each epoch)."""
    epochs = np.arange(1, len(losses) + 1, dtype=np.int32)
    return pd.DataFrame({"epoch": epochs, "losses": pd.Series(list(losses), dtype="object")})
