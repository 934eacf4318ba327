"""What rules are told of a candidate: mean gain and standard error on each kind of rows.

The same as ``viewcast.referee.gains.Blocks.gain`` without the skewness, which no rule asks for, in
two passes of float32: a table of a thousand million gains is made in minutes.

Shape letters: J rules, R loops, N rows.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewcast.referee.gains import Blocks, Gain, Indices
from viewcast.referee.parts import Parts

Floats = NDArray[np.floating]


class Seen(NamedTuple):
    """Gains (..., R) over the incumbent on rows that judge, on hidden ones, and on all."""

    gate: Gain
    hidden: Gain
    every: Gain

    def of(self, rule: int) -> "Seen":
        """The same of one rule, (R,)."""
        return Seen(*(Gain(it.mean[rule], it.error[rule], it.freedom, 0.0) for it in self))


def seen(gains: Floats, parts: Parts) -> Seen:
    """Of gains (..., R, N) of the rows."""
    judging, closing = parts.judging, parts.closing
    assert isinstance(judging, Blocks)
    assert isinstance(closing, Blocks)
    gate = sums(gains[..., run_of(parts.gate)], judging)
    hidden = sums(gains[..., run_of(parts.hidden)], closing)
    every = [of + other for of, other in zip(gate, hidden, strict=True)]
    return Seen(_gain(*gate), _gain(*hidden), _gain(*every))


def run_of(rows: Indices) -> slice | Indices:
    """Rows of which none is left out as a slice: taking these copies nothing."""
    begin, end = int(rows[0]), int(rows[-1]) + 1
    return slice(begin, end) if end - begin == len(rows) else rows


def sums(gains: Floats, blocks: Blocks) -> tuple[Any, ...]:
    """Σ S_g, Σ S_g², Σ S_g n_g, Σ n_g², N, G of the blocks' sums S_g and sizes n_g."""
    total = gains.sum(axis=-1, dtype=np.float64)
    if blocks.blocks == blocks.rows:
        squares = np.einsum("...n,...n", gains, gains).astype(np.float64)
        return total, squares, total, blocks.rows, blocks.rows, blocks.rows
    own = np.add.reduceat(gains, blocks.starts, axis=-1).astype(np.float64)
    sizes = np.diff(np.append(blocks.starts, blocks.rows))
    squares = np.einsum("...g,...g", own, own)
    return total, squares, own @ sizes, int((sizes**2).sum()), blocks.rows, blocks.blocks


def _gain(total: Any, squares: Any, crossed: Any, sizes: float, rows: int, blocks: int) -> Gain:
    mean = total / rows
    deviations = np.maximum(squares - 2 * mean * crossed + mean**2 * sizes, 0)
    deviations = np.where(deviations < 1e-6 * squares, 0.0, deviations)  # rounding of float32
    error = np.sqrt(blocks / (blocks - 1) * deviations) / rows
    return Gain(mean, error, blocks - 1.0, np.zeros_like(mean))
