"""Losses of rows that are alike, with known truth: what entities, times and cells add is drawn.

Shape letters: K candidates, G entities, T times, N rows.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from viewcast.selection.clusters import Cluster, Clusters

Losses = NDArray[np.float64]
LEVEL = 5.0
BURN_IN = 50  # times before the first
SKEW = 0.8  # of the logarithm of effects that are skewed


@dataclass(frozen=True)
class Kind:
    """``of_entity``, ``of_time``: standard deviations of what they add, that of a row being 1;
    ``carry``: of times to the next one; ``missing``: share of the rows, on average over entities,
    some of which have most rows and some have few; ``skewed``: effects of entities and rows.
    """

    cluster: Cluster
    entities: int
    times: int
    of_entity: float
    of_time: float
    carry: float = 0.0
    missing: float = 0.0
    skewed: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """The settings as columns of a table."""
        return {
            "new": self.cluster,
            "entities": self.entities,
            "times": self.times,
            "sd entity": self.of_entity,
            "sd time": self.of_time,
            "carry": self.carry,
            "missing": self.missing,
            "skewed": "yes" if self.skewed else "",
        }


@dataclass(frozen=True)
class Study:
    """``losses`` (K, N) of the rows that are seen; ``truth`` (K,): what each loses on new ones."""

    losses: Losses
    truth: Losses
    clusters: Clusters


def study(kind: Kind, candidates: int, shared: float, rng: np.random.Generator) -> Study:
    """One study; ``shared``: part of the variance of every effect that all candidates have alike.

    The truth of new entities keeps what the times add, that of new times what the entities add.
    """
    entities, times = kind.entities, kind.times
    of_all, of_each = math.sqrt(shared), math.sqrt(1 - shared)

    def mixed(*shape: int) -> Losses:
        return of_all * rng.standard_normal((1, *shape)) + of_each * rng.standard_normal(
            (candidates, *shape)
        )

    by_entity = kind.of_entity * _shaped(mixed(entities, 1), kind.skewed)
    by_time = kind.of_time * _carried(mixed(1, times + BURN_IN), kind.carry)
    noise = _shaped(mixed(entities, times), kind.skewed)
    losses = LEVEL + by_entity + by_time + noise
    presence = np.full(entities, 1.0)
    if kind.missing:
        presence = rng.beta(2 * (1 - kind.missing), 2 * kind.missing, entities)
    seen = rng.random((entities, times)) < np.maximum(presence, 2 / times)[:, np.newaxis]
    truth = np.full(candidates, LEVEL)
    if kind.cluster == "entity":
        truth = truth + by_time[:, 0].mean(axis=1)
    if kind.cluster == "time":
        truth = truth + by_entity[:, :, 0] @ presence / presence.sum()
    entity, time = np.nonzero(seen)
    return Study(losses[:, seen], truth, Clusters(entity, time, kind.cluster))


def _carried(effects: Losses, carry: float) -> Losses:
    """The same with a part of each time that goes on into the next one."""
    moved = lfilter([math.sqrt(1 - carry**2)], [1, -carry], effects, axis=-1)
    return np.asarray(moved[..., BURN_IN:])


def _shaped(effects: Losses, skewed: bool) -> Losses:
    """Normal effects, or log-normal ones of the same mean and variance."""
    if not skewed:
        return effects
    variance = math.exp(SKEW**2)
    centred = np.exp(SKEW * effects) - math.sqrt(variance)
    return np.asarray(centred / math.sqrt(variance * (variance - 1)))
