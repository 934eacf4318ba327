"""One member of a cohort, and the rules by which members end.

Shape letters: C candidates of the cohort, P parameters.
"""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.models.scaling import Vector
from viewcast.training.settings import DescentSettings

# The initial training loss is that of the first rows, so many at most: of a million rows it would
# take a third of an epoch, and it only says how large a loss is divergence.
START_ROWS = 16_384

OnEpochs = Callable[[int, NDArray[np.int64], Vector, Vector], None]


@dataclass(frozen=True)
class Candidate:
    """One member of a cohort: settings, seed, and initial parameters (P₀,) in scaled units."""

    settings: DescentSettings
    seed: int
    init: Vector

    @property
    def order_seed(self) -> int:
        """The seed of its orders of rows: the lower 64 bits of its own."""
        return self.seed % 2**64

    def rows(self, count: int) -> NDArray[np.int64]:
        """The training rows it learns from: a random share of them, in order."""
        return self._share(count, self.settings.row_share, 1)

    def features(self, count: int) -> NDArray[np.int64]:
        """The features it sees: a random share of them, in order."""
        return self._share(count, self.settings.feature_share, 2)

    def _share(self, count: int, share: float, stream: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self.seed, stream])
        return np.sort(rng.permutation(count)[: max(1, round(share * count))])


@dataclass(frozen=True)
class Rules:
    """When candidates end, and which epoch they keep; each is an array (C,).

    ``limit``: a training loss above it ends a candidate. ``patience``: so do this many epochs
    without a new best. ``restore_best``: whether the best epoch is kept, or the last.
    """

    limit: Vector
    patience: Vector
    restore_best: NDArray[np.bool_]

    @classmethod
    def of(cls, candidates: Sequence[Candidate], start_loss: Vector, raw_units: float) -> "Rules":
        """The candidates' settings as arrays; ``start_loss`` (C,) in raw units."""
        settings = [candidate.settings for candidate in candidates]
        factor = np.array([each.divergence_factor for each in settings])
        limit = factor * np.maximum(start_loss, raw_units)
        return cls(
            np.minimum(limit, sys.float_info.max),
            np.array([math.inf if each.patience is None else each.patience for each in settings]),
            np.array([each.restore_best for each in settings]),
        )
