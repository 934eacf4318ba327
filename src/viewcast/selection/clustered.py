"""Columns of losses for a choice among runs whose rows are alike.

Where only entities are new, or only times, a column is a whole cluster, and every method for
columns holds as it stands: entities are independent, times depend on those before. Where both are
new, a column is a cell of one entity and one time, and draws hold out rectangles.

Shape letters as in ``viewcast.selection.candidates``, N rows, P and Q parts of entities and times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from viewcast.base.errors import DataError
from viewcast.selection.blocks import Draws, draw
from viewcast.selection.candidates import Candidates, Indices, Vector
from viewcast.selection.clusters import Clusters

MOST = 16384  # columns: more entities, or cells, are joined
MOST_TIMES = 128  # parts of times in cells
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Grouping:
    """Rows (N,) put into columns: ``column`` (N,) of each, ``weight`` (N,) rows it stands for.

    ``cells``: which columns (M,) are alike, where both entities and times are new.
    """

    column: Indices
    weight: Vector
    cells: Clusters | None

    @classmethod
    def of(cls, clusters: Clusters, weight: Vector) -> "Grouping":
        """Columns in the order of entities, of times, or of times and then entities.

        More than ``MOST`` entities are joined at random, and cells likewise, so that what is left
        of them is clusters of entities (and neighbouring times) that are as independent.
        """
        if clusters.cluster == "time":
            return cls(clusters.time, weight, None)
        if clusters.cluster == "entity":
            return cls(_joined(clusters.entity, clusters.entities, MOST), weight, None)
        times = min(clusters.times, MOST_TIMES)
        time = clusters.time * times // clusters.times
        entity = _joined(clusters.entity, clusters.entities, MOST // times)
        entities = int(entity.max()) + 1
        cell = time * entities + entity
        found = np.flatnonzero(np.bincount(cell))
        q, p = np.divmod(found, entities)
        return cls(np.searchsorted(found, cell), weight, Clusters(p, q, "both"))

    def averaged(self, losses: NDArray[np.floating]) -> Vector:
        """Columns (M,) of losses (N,): mean m of all rows, plus Σ (loss - m) by the usual Σ weight.

        A column of many rows counts for more, and where it has no more than its share of what is
        above the mean, it is at the mean: the deviations are those of a ratio of sums (Cochran
        1977, Sampling Techniques, chapter 6). So columns can be taken as alike in size.
        """
        values = losses.astype(np.float64)
        mean = float((values * self.weight).sum() / self.weight.sum())
        sums = np.bincount(self.column, (values - mean) * self.weight)
        return np.asarray(mean + sums * (len(sums) / self.weight.sum()))

    def candidates(self, rows: Candidates) -> Candidates:
        """The candidates, of rows, with the columns as theirs."""
        losses = np.stack([self.averaged(own).astype(np.float32) for own in rows.losses])
        return Candidates(losses, rows.run, np.ones(losses.shape[1]), self.cells)


def by_time(candidates: Candidates, clusters: Clusters) -> Candidates:
    """The candidates with times as columns."""
    return Grouping(clusters.time, candidates.sizes, None).candidates(candidates)


def rectangles(cells: Clusters, length: float, draws: int, seed: int) -> Draws:
    """At most B draws that hold out a quarter of the entities at a quarter of the times.

    The choice is made on other entities at other times, which are ``length`` times apart: times as
    in ``viewcast.selection.blocks.draw``, entities one by one. A draw in which no row is left on
    either side is none.

    Raises DataError where that is so of all of them.
    """
    times = draw(cells.times, length, draws, seed)
    entities = draw(cells.entities, 1.0, draws, seed + 1)
    held = times.held[:, cells.time] & entities.held[:, cells.entity]
    chosen = times.chosen[:, cells.time] & entities.chosen[:, cells.entity]
    usable = held.any(axis=1) & chosen.any(axis=1)
    if not usable.any():
        raise DataError(
            f"{cells.entities} entities at {cells.times} times share too few rows "
            f"({len(cells.time)}) to choose on some and to score on others; expected entities that "
            "are seen at many of the times, or cluster=entity"
        )
    return Draws(held[usable], chosen[usable])


def margins(series: NDArray[np.floating], cells: Clusters) -> Vector:
    """Columns (S, P + Q), one for each entity and each time, of series (S, M) of cells.

    Taken as independent, they give the mean of the series and its two-way error: a column is the
    mean, and what its entity or its time adds, scaled so. The scale also makes up for the degrees
    of freedom of that error, which are fewer than the columns.
    """
    mean = series.mean(axis=1, dtype=np.float64, keepdims=True)
    sums = np.concatenate(cells.sums(series - mean), axis=1)
    count = sums.shape[1]
    squares = (sums**2).sum(axis=1) * count / (count - 1)
    wanted = cells.variances(series).both * _wider(cells.freedom, count)
    scale = count * np.sqrt(np.divide(wanted, squares, where=squares > 0, out=np.zeros(len(sums))))
    return np.asarray(mean + sums * scale[:, np.newaxis])


def over(base: NDArray[np.floating], series: NDArray[np.floating], cells: Clusters) -> Vector:
    """The same (S, P + Q) of the differences to a ``base`` (M,), whose own mean is added: so the
    two-way error of each difference is met. The base itself is its mean in all columns.
    """
    return np.asarray(base.mean(dtype=np.float64) + margins(series - base, cells))


def _wider(freedom: float, count: int) -> float:
    """Variance that makes a quantile with the degrees of freedom of ``count`` columns hold."""
    return float(stdtrit(freedom, CONFIDENCE) / stdtrit(count - 1, CONFIDENCE)) ** 2


def _joined(number: Indices, count: int, most: int) -> Indices:
    """Of ``count`` numbers at most ``most``, several joined at random."""
    if count <= most:
        return number
    return np.asarray((np.random.default_rng(count).permutation(count) * most // count)[number])
