"""Rows that are alike: those of one entity (a video), of one time (a day), or both.

Shape letters as in ``viewcast.selection.candidates``, N rows, G entities, T times, S series.

A mean over rows that are alike varies more than one over independent rows. Cameron, Gelbach &
Miller (2011), Journal of Business & Economic Statistics 29:238, for two ways at once; Lazarus,
Lewis, Stock & Watson (2018), Journal of Business & Economic Statistics 36:541, for days that depend
on days before, by the first cosine terms of their sums.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from viewcast.base.products import product

Vector = NDArray[np.float64]
Indices = NDArray[np.int64]
Cluster = Literal["entity", "time", "both"]

CLUSTERS: tuple[Cluster, ...] = ("entity", "time", "both")
FEWEST_ENTITIES = 3  # below, their spread says nothing
FEWEST_TIMES = 8  # twice the least number of cosine terms
LEAST_TERMS = 4
DIGITS = 9  # of cosines: what processors differ in is cut off


class ClusterError(NamedTuple):
    """``error``: standard error of a mean over rows, None where there are too few clusters to tell;
    ``freedom``: degrees of freedom of Student's t for it, 0 without one.
    """

    error: float | None
    freedom: float


class Variances(NamedTuple):
    """Of the mean of S series (S,): by entities, by times, and by cells of one entity and time."""

    entity: Vector
    time: Vector
    cell: Vector

    @property
    def both(self) -> Vector:
        """What entities and times share is counted once, and neither is lost to noise."""
        together = self.entity + self.time - self.cell
        return np.asarray(np.maximum(np.maximum(self.entity, self.time), together))


@dataclass(frozen=True, eq=False)
class Clusters:
    """Of each row its entity (N,), 0 to G - 1, and its time (N,), 0 to T - 1 in order.

    ``cluster``: what new rows will have new. ``entity``: new entities at the same times; ``time``:
    the same entities at new times; ``both``.
    """

    entity: Indices
    time: Indices
    cluster: Cluster

    @classmethod
    def of(cls, keys: pd.DataFrame, cluster: Cluster) -> "Clusters":
        """From the columns ``entity`` and ``time`` of rows; times are ordered as they sort, text of
        numbers alone as numbers.
        """
        entity = pd.factorize(keys["entity"])[0].astype(np.int64)
        return cls(entity, _in_order(keys["time"]), cluster)

    @classmethod
    def if_any(cls, keys: pd.DataFrame, cluster: Cluster | None) -> "Clusters | None":
        """As ``of``; None of one series, or of no rows."""
        return None if cluster is None or keys.empty else cls.of(keys, cluster)

    def at(self, rows: Indices | NDArray[np.bool_]) -> "Clusters":
        """The same of some rows (indices or flags), numbered anew."""
        entity = pd.factorize(self.entity[rows])[0].astype(np.int64)
        time = pd.factorize(self.time[rows], sort=True)[0].astype(np.int64)
        return Clusters(entity, time, self.cluster)

    @cached_property
    def entities(self) -> int:
        """G."""
        return int(self.entity.max()) + 1

    @cached_property
    def times(self) -> int:
        """T."""
        return int(self.time.max()) + 1

    @cached_property
    def cells(self) -> Indices:
        """Number (N,) of the cell of one entity and one time that a row lies in."""
        return pd.factorize(self.time * self.entities + self.entity)[0].astype(np.int64)

    @property
    def terms(self) -> int:
        """Cosine terms that tell how much the mean of T times varies: 0.4 T^(2/3), at least 4."""
        return min(max(LEAST_TERMS, int(0.4 * self.times ** (2 / 3))), self.times - 1)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of an error: entities less one, or cosine terms, or the fewer; 0 where
        there are too few clusters to tell an error.
        """
        entities = self.entities - 1.0 if self.entities >= FEWEST_ENTITIES else 0.0
        times = float(self.terms) if self.times >= FEWEST_TIMES else 0.0
        known = {"entity": entities, "time": times, "both": min(entities, times)}
        return known[self.cluster]

    def variances(self, series: NDArray[np.floating]) -> Variances:
        """Estimated variances of the means of series (S, N).

        With r the deviations from the mean: entities G/(G - 1) Σ_g (Σ r)² / N²; times T times the
        mean square of the first cosine terms of Σ r of each time, by N²; cells Σ (Σ r)² / N².
        """
        squares = float(series.shape[1]) ** 2
        deviations = series - series.mean(axis=1, dtype=np.float64, keepdims=True)
        entities, times = self.sums(deviations)
        correction = self.entities / max(self.entities - 1, 1)
        by_entity = correction * (entities**2).sum(axis=1) / squares
        terms = product(times, _cosines(self.times, self.terms))
        by_time = self.times * (terms**2).mean(axis=1) / squares if self.terms else np.zeros(1)
        by_cell = np.stack([(np.bincount(self.cells, own) ** 2).sum() for own in deviations])
        return Variances(by_entity, np.broadcast_to(by_time, len(series)), by_cell / squares)

    def errors(self, series: NDArray[np.floating]) -> Vector:
        """Standard errors (S,) of the means of series (S, N), by what is new."""
        variances = self.variances(series)
        chosen = {"entity": variances.entity, "time": variances.time, "both": variances.both}
        return np.asarray(np.sqrt(chosen[self.cluster]))

    def sums(self, series: Vector) -> tuple[Vector, Vector]:
        """Sums (S, G) and (S, T) of series (S, N) over the rows of each entity, of each time."""
        entities = [np.bincount(self.entity, own, self.entities) for own in series]
        times = [np.bincount(self.time, own, self.times) for own in series]
        return np.stack(entities), np.stack(times)


def cluster_named(name: str | None) -> Cluster | None:
    """The cluster of this name; None where it is none."""
    return next((known for known in CLUSTERS if known == name), None)


def cluster_error(losses: ArrayLike, clusters: Clusters) -> ClusterError:
    """Standard error of the mean of losses (N,) whose rows are alike as ``clusters`` tell.

    New entities, the same times: by sums over entities. The same entities, new times: by sums over
    times, which may depend on those before (at equal steps). Both: the largest of the two and of
    their sum less what is counted twice. Entities and times may have any number of rows.

    In simulations of 15 kinds (``benchmarks/calibration/clusters.py``) the estimated error is 0.94
    to 1.05 of the true one; of 40 entities at 40 times without any effect it is 1.12.
    Where a day depends strongly on the day before (0.9), it is too small: 0.55 of the true one with
    40 days, 0.77 with 365.
    None below three entities, or eight times, where these are what is new.
    """
    freedom = clusters.freedom
    if freedom == 0:
        return ClusterError(None, 0.0)
    values = np.asarray(losses, np.float64)[np.newaxis]
    return ClusterError(float(clusters.errors(values)[0]), freedom)


def _in_order(times: pd.Series) -> Indices:
    """Number (N,) of the time of each row: day 9 comes before day 10, as text too."""
    codes, known = pd.factorize(times, sort=True)
    numbers = pd.to_numeric(pd.Series(known).astype(str), errors="coerce").to_numpy(np.float64)
    if np.isnan(numbers).any():
        return codes.astype(np.int64)
    return np.argsort(np.argsort(numbers, kind="stable")).astype(np.int64)[codes]


def _cosines(count: int, terms: int) -> Vector:
    """The first cosines (T, terms) of ``count`` times, without the constant one, of length 1."""
    angles = math.pi * np.outer(np.arange(count) + 0.5, np.arange(1, terms + 1)) / count
    return np.asarray(np.round(np.cos(angles), DIGITS) * math.sqrt(2 / count))
