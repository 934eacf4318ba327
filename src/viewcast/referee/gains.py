"""The mean gain of a submission over another one, row by row, with its error.

A gain is the loss of the incumbent less the loss of the candidate. Rows that are not independent
are taken together: neighbours in blocks, rows of a panel in clusters.

Shape letters: S series, N rows, G blocks.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from viewcast.selection.clusters import Clusters

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
SKEWEST = 0.5  # of a mean; beyond, the correction of an interval would be a guess


class Gain(NamedTuple):
    """Of S series (S,): the ``mean`` over the rows, its standard ``error``, the degrees of
    ``freedom`` of Student's t for it, and the ``skewness`` of the mean, clipped to ±0.5.
    """

    mean: Any
    error: Any
    freedom: float
    skewness: Any

    @property
    def p(self) -> Any:
        """Of the hypothesis of no gain above 0, one-sided (S,); 1 where nothing differs."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.error > 0, self.mean / self.error, np.sign(self.mean) * np.inf)
        return np.where(np.isnan(t) | (self.mean <= 0), 1.0, stdtr(self.freedom, -t))


class Part(Protocol):
    """Rows that are judged together, and how they are alike."""

    @property
    def blocks(self) -> int:
        """How many blocks or clusters."""

    def gain(self, gains: NDArray[np.floating]) -> Gain:
        """Of gains (S, N) or (N,) of the rows."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """N rows in order, cut into blocks of neighbours; ``starts`` (G,): the first row of each.

    With S_g the sum of the deviations from the mean in block g, the error is
    √(G/(G − 1) Σ S_g²) / N: that of independent blocks, s/√N for single rows.
    """

    starts: Indices
    rows: int

    @classmethod
    def of(cls, rows: int, size: int) -> "Blocks":
        """Blocks of ``size`` rows or, where they do not come out even, one more."""
        count = max(rows // size, 1)
        return cls((np.arange(count) * rows // count).astype(np.int64), rows)

    @property
    def blocks(self) -> int:
        """G."""
        return len(self.starts)

    def gain(self, gains: NDArray[np.floating]) -> Gain:
        """Mean, error, freedom G − 1, skewness."""
        mean = gains.mean(axis=-1, dtype=np.float64)
        sums = gains - np.expand_dims(mean, -1)
        if self.blocks < self.rows:
            sums = np.add.reduceat(sums, self.starts, axis=-1)
        squares = np.einsum("...g,...g", sums, sums)
        correction = self.blocks / max(self.blocks - 1, 1)
        error = np.sqrt(correction * squares) / self.rows
        return Gain(mean, error, self.blocks - 1.0, _skewness(sums))


@dataclass(frozen=True, eq=False)
class Alike:
    """Rows of a panel (``viewcast.selection.clusters``): the error that tells what will be new."""

    clusters: Clusters

    @property
    def blocks(self) -> int:
        """Entities, or times, or the fewer of the two where both are new."""
        of = self.clusters
        known = {"entity": of.entities, "time": of.times, "both": min(of.entities, of.times)}
        return known[of.cluster]

    def gain(self, gains: NDArray[np.floating]) -> Gain:
        """Mean, error, freedom; the skewness by the sums over entities, or over times."""
        series = np.atleast_2d(np.asarray(gains, np.float64))
        mean = series.mean(axis=1)
        entities, times = self.clusters.sums(series - mean[:, np.newaxis])
        skewness = _skewness(times if self.clusters.cluster == "time" else entities)
        error = self.clusters.errors(series)
        if np.ndim(gains) == 1:
            return Gain(mean[0], error[0], self.clusters.freedom, skewness[0])
        return Gain(mean, error, self.clusters.freedom, skewness)


def block_size(length: float) -> int:
    """Rows of a block for a dependence over ``length`` rows: twice as many, rounded up; else 1."""
    return 1 if length <= 1 else 2 * math.ceil(length)


def _skewness(sums: NDArray[np.floating]) -> Any:
    """Skewness of the mean, from sums of deviations (..., G); 0 where nothing varies."""
    second = np.einsum("...g,...g", sums, sums) / sums.shape[-1]
    third = np.einsum("...g,...g", sums * sums, sums) / sums.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(second > 0, third / second**1.5, 0.0) / math.sqrt(sums.shape[-1])
    return np.clip(np.nan_to_num(own), -SKEWEST, SKEWEST)
