"""Draws of rows: those that choose a run, and those that are held out to score the choice.

Shape letters as in ``viewcast.selection.candidates``.
"""

import math
from dataclasses import dataclass

import numpy as np

from viewcast.base.errors import ConfigError, DataError
from viewcast.selection.candidates import Flags, Indices

FEWEST = 8  # columns that can be cut into parts that choose and parts that are held out
LARGEST = 0.25  # share of the blocks that can be held out
TOGETHER = 32  # draws with one offset: their sums between cuts are taken once
PARTS = 4  # least number of blocks, however long the dependence


@dataclass(frozen=True)
class Draws:
    """Columns (B, M) that are held out, and columns that choose; those in a gap do neither."""

    held: Flags
    chosen: Flags


def draw(columns: int, length: float, draws: int, seed: int, share: float = 0.25) -> Draws:
    """B draws of held-out blocks: ``length`` is the dependence length in columns.

    Each draw cuts the columns into blocks of twice the dependence length, rounded up, at an offset
    (blocks at the two ends may be shorter) and holds out a random ``share`` of the blocks; the
    choice is made on the rest less a gap of ``length`` columns on both sides of each held block.
    Every 32 draws share a random offset, and the offsets are spread evenly. ``length`` at most 1:
    single columns and no gap. Blocks are never longer than a quarter of the columns, with gaps of
    half a block: such a draw still works, but its rows are not independent, which is why
    ``viewcast.selection.sample_size`` refuses a bound there.

    Raises DataError below 8 columns, ConfigError for a share above a quarter: with the gaps, too
    few rows would be left to choose on.
    """
    if columns < FEWEST:
        raise DataError(
            f"{columns} rows cannot be cut into rows that choose and rows that are held out: "
            f"at least {FEWEST} are needed"
        )
    if not 0 < share <= LARGEST:
        raise ConfigError(f"share = {share}: expected above 0 and at most {LARGEST}")
    gap = math.ceil(length) if length > 1 else 0
    size = max(1, min(2 * gap, columns // PARTS))
    gap = min(gap, size // 2)
    rng = np.random.default_rng(seed)
    offsets = _offsets(size, draws, rng)
    block = (np.arange(columns) + offsets) // size
    most = block[:, -1].max() + 1
    order = rng.random((draws, most))
    order[np.arange(most) > block[:, [-1]]] = 2  # no such block in this draw
    count = np.floor(share * (block[:, -1] + 1) + 0.5).astype(int)
    count = np.maximum(count, 1) - 1
    last = np.partition(order, np.unique(count), axis=1)[np.arange(draws), count]
    held = np.take_along_axis(order <= last[:, np.newaxis], block, axis=1)
    return Draws(held, ~_widened(held, gap))


def _offsets(size: int, draws: int, rng: np.random.Generator) -> Indices:
    """Of each draw (B, 1), 0 to ``size`` - 1."""
    groups = math.ceil(draws / TOGETHER)
    spread = rng.permutation(np.arange(groups) * size // groups)
    offsets = (spread + rng.integers(size)) % size
    return np.repeat(offsets, TOGETHER)[:draws, np.newaxis]


def _widened(flags: Flags, gap: int) -> Flags:
    """True within ``gap`` columns of a True."""
    if gap == 0:
        return flags
    columns = flags.shape[1]
    before = np.zeros((len(flags), columns + 1), np.int32)
    np.cumsum(flags, axis=1, out=before[:, 1:])
    here = np.arange(columns)
    low, high = np.maximum(here - gap, 0), np.minimum(here + gap + 1, columns)
    return np.ascontiguousarray(before[:, high] > before[:, low])
