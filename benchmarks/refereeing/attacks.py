"""Loops that climb on what they hear, and two that no gate of one bit stops.

The loss is the squared error of targets with variance 1, except for the rare loss. Of edits that
know nothing the true effect is exact: a step u costs u² where rows are fresh. Gains are told in
unpaired standard errors of the first submission's loss.

Shape letters as in ``refereeing.honest``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refereeing.honest import ALIKE, Candidate, Kept, Size
from refereeing.noise import Floats, Kind, drawn

CLIMB = 0.5  # length of a step, in 1/√N a row
PROBED, PUSH = 4, 0.3  # rows that a probe changes, and by how much
SLOPE, FINE, LEARNT = 0.3, 0.05, 0.8  # of the sandbagger; finer steps would be below the floor
COST, WORSE = 0.3, 1.2  # of a rare loss: what every other row gains; 1 breaks even


class Residuals:
    """Errors (J, R, N) of targets with variance 1, which steps are taken off."""

    def __init__(self, size: Size, rng: np.random.Generator, kind: Kind = "normal") -> None:
        self.rng, self.size = rng, size
        self.targets = drawn(rng, (size.loops, size.rows), kind)
        self.baseline = np.square(self.targets)
        self.unit = float((np.sqrt(2) if kind == "normal" else 3) / np.sqrt(size.rows))
        self.error = np.repeat(self.targets[np.newaxis], size.rules, axis=0)

    def stepped(self, step: Floats, better: Any) -> Candidate:
        """Predictions that are higher by a step, (R, N) or (J, R, N)."""
        self.step = step
        gains = step * (2 * self.error - step)
        return Candidate(gains, better, np.square(self.error - step))

    def accept(self, taken: NDArray[np.bool_]) -> None:
        for rule, loop in np.argwhere(taken):
            own = self.step if self.step.ndim == 2 else self.step[rule]
            self.error[rule, loop] -= own[loop]

    def gained(self) -> Floats:
        """Gains over the first submission."""
        return np.asarray(self.baseline - np.square(self.error))


class Climb(Residuals):
    """Each submission changes the prediction of every row, up or down by chance."""

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        size = np.float32(CLIMB / np.sqrt(self.size.rows))
        step = _signs(self.rng, (self.size.loops, self.size.rows)) * size
        return self.stepped(step, np.full((self.size.rules, self.size.loops), -(size**2)))


class Probes(Residuals):
    """Each submission changes four rows only: where scores are shown, their targets are read."""

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        loops, rows = self.size.loops, self.size.rows
        step = np.zeros((loops, rows), np.float32)
        places = self.rng.integers(0, rows, (loops, PROBED))
        np.put_along_axis(step, places, PUSH * _signs(self.rng, (loops, PROBED)), 1)
        lost = np.square(step).mean(axis=1)
        return self.stepped(step, np.tile(-lost, (self.size.rules, 1)))


class Sandbagger(Residuals):
    """It holds a real gain back and spends it so that each answer is a toss-up of random signs.

    The last submission uses all that was learnt of the rows: the sum of the signs that were
    accepted less those that were not; and all of the real gain.
    """

    def __init__(self, size: Size, rng: np.random.Generator) -> None:
        super().__init__(size, rng)
        shape = (size.loops, size.rows)
        self.feature = _signs(rng, shape)
        self.targets = self.targets + np.float32(SLOPE) * self.feature
        self.baseline = np.square(self.targets)
        self.error = np.repeat(self.targets[np.newaxis], size.rules, axis=0)
        self.learnt = np.zeros_like(self.error)
        self.slope = np.zeros((size.rules, size.loops))
        self.found = np.zeros((size.rules, size.loops))

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        left = SLOPE - self.slope
        if number == self.size.answers - 1:
            return self._last(number)
        gate = 0.75 * self.size.rows
        self.spent = FINE * np.minimum(thresholds / np.maximum(left * np.sqrt(gate), 1e-2), 50)
        self.signs = _signs(self.rng, (self.size.loops, self.size.rows)) * np.float32(FINE)
        step = self.spent[..., np.newaxis].astype(np.float32) * self.feature + self.signs
        lost = (left - self.spent) ** 2 - left**2 + FINE**2
        return self.stepped(step, -lost)

    def accept(self, taken: NDArray[np.bool_]) -> None:
        super().accept(taken)
        self.slope += np.where(taken, self.spent, 0)
        self.found += taken
        self.learnt += np.where(taken, 1, -1)[..., np.newaxis].astype(np.float32) * self.signs

    def _last(self, number: int) -> Candidate:
        rms = np.sqrt(np.square(self.learnt).mean(axis=-1, keepdims=True)) + 1e-9
        length = LEARNT * min(1.0, np.sqrt(self.size.answers / self.size.rows))
        left = SLOPE - self.slope
        step = left[..., np.newaxis].astype(np.float32) * self.feature
        step = step + self.learnt * (np.float32(length) / rms.astype(np.float32))
        # On fresh rows: signs that were accepted are in the model already, once.
        each = length / np.sqrt(max(number - 1, 1))
        others = number - 1 - self.found
        after = self.found * (FINE + each) ** 2 + others * each**2
        self.spent, self.signs = np.zeros_like(left), np.zeros_like(self.targets)
        return self.stepped(step, left**2 + self.found * FINE**2 - after)


class RareLoss(Kept):
    """Each edit gains a little in every row but one of N on average, in which it costs so much that
    the edit is worse on average.
    """

    def __init__(self, size: Size, rng: np.random.Generator) -> None:
        self.rng, self.size = rng, size
        self.unit = float(np.sqrt(1.5 / size.rows))
        spread = np.float32(np.sqrt(1.5 * ALIKE / (1 - ALIKE)))
        super().__init__(drawn(rng, (size.loops, size.rows), "normal") * spread, size.rules)

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        chance = 1 / self.size.rows
        hit = self.rng.random((self.size.loops, self.size.rows), dtype=np.float32) < chance
        edit = np.where(hit, COST * (1 - chance) * WORSE / chance, -COST).astype(np.float32)
        self.losses = self.incumbent + edit
        gains = np.broadcast_to(-edit, self.incumbent.shape)
        worse = COST * (1 - chance) * (WORSE - 1)
        better = np.full(self.incumbent.shape[:2], -worse)
        return Candidate(gains, better, self.losses)

    def accept(self, taken: NDArray[np.bool_]) -> None:
        self.keep(taken, self.losses)


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return (2 * rng.integers(0, 2, shape, dtype=np.int8) - 1).astype(np.float32)
