"""Loops whose gains change with the time of a row: in a season an edit helps, in another it harms.

And one that climbs by steps of many neighbouring rows, so that what was heard of rows that judge
is told of the rows between them too. The truth is the gain over all times.

Shape letters as in ``refereeing.honest``.
"""

from typing import Any

import numpy as np

from refereeing.attacks import CLIMB, Residuals
from refereeing.honest import Candidate, Edits, Size
from refereeing.noise import Kind

YEAR = 366  # rows
WAVE = 1.0  # height of an edit's wave on average, in paired standard errors
WIDE = 40  # rows of one sign of a smooth climb


class Seasonal(Edits):
    """Edits whose gain goes up and down by a wave as long as ``period``, each with a height (its
    mean is one standard error) and a phase by chance. On average over the rows a wave is nothing.
    """

    def __init__(
        self,
        size: Size,
        rng: np.random.Generator,
        share: float,
        kind: Kind = "normal",
        period: float = YEAR,
    ) -> None:
        super().__init__(size, rng, share, kind)
        plan = (size.loops, size.answers)
        self.heights = rng.exponential(WAVE, plan) * self.unit
        self.phases = rng.random(plan) * 2 * np.pi
        self.angles = 2 * np.pi * np.arange(size.rows) / period

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        found = super().candidate(number, thresholds)
        wave = np.cos(self.angles + self.phases[:, [number]])
        wave -= wave.mean(axis=1, keepdims=True)
        wave = (self.heights[:, [number]] * wave).astype(np.float32)
        self.edit, self.losses = self.edit + wave, self.losses + wave
        return Candidate(found.gains - wave, found.better, self.losses)


class SmoothClimb(Residuals):
    """Each submission raises or lowers stretches of 40 rows, which is longer than any gap."""

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        loops, rows = self.size.loops, self.size.rows
        size, begin = CLIMB / np.sqrt(rows), int(self.rng.integers(0, WIDE))
        signs = 2 * self.rng.integers(0, 2, (loops, rows // WIDE + 2)) - 1
        step = (np.repeat(signs, WIDE, axis=1)[:, begin : begin + rows] * size).astype(np.float32)
        return self.stepped(step, np.full((self.size.rules, loops), -(size**2)))
