"""Loops that mean well: nothing is better, a few edits are, or a model gets better in steps.

A loop makes candidates for J rules at once, each of which goes on from what it accepted itself.
Gains and truths are in the loss's unit; ``unit`` is one paired standard error.

Shape letters: J rules, R loops, N rows, T answers.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from refereeing.noise import WRONG, Floats, Kind, drawn, inflation

ALIKE = 0.9  # correlation of two submissions' losses
STEPS = (0.5, 1.0, 2.0, 4.0)  # of the honest improver, in paired standard errors


class Size(NamedTuple):
    """``rules`` J, ``loops`` R, ``rows`` N, ``answers`` T."""

    rules: int
    loops: int
    rows: int
    answers: int


class Candidate(NamedTuple):
    """``gains`` (J, R, N) over each rule's incumbent; ``better`` (J, R): the true gain;
    ``losses``: of the candidate (J or 1, R, N).
    """

    gains: Floats
    better: Any
    losses: Floats


class Loop(Protocol):
    """``unit``: what gains are told in; ``baseline`` (R, N): losses of the first submission."""

    unit: float
    baseline: Floats

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        """The submission of this number, from 1; ``thresholds`` (J, R): of z, for who knows."""

    def accept(self, taken: NDArray[np.bool_]) -> None:
        """Which rules accepted it (J, R)."""

    def gained(self) -> Floats:
        """Loss of the first submission less that of the last accepted one (J, R, N)."""


class Kept:
    """Incumbents' losses (J, R, N) of a loop whose submissions all rules share."""

    def __init__(self, baseline: Floats, rules: int) -> None:
        self.baseline = baseline
        self.incumbent = np.repeat(baseline[np.newaxis], rules, axis=0)

    def keep(self, taken: NDArray[np.bool_], losses: Floats) -> None:
        """The candidate's losses, where it was taken."""
        for rule, loop in np.argwhere(taken):
            self.incumbent[rule, loop] = losses[min(rule, len(losses) - 1), loop]

    def gained(self) -> Floats:
        """Gains over the first submission."""
        return self.baseline - self.incumbent


class Seeds(Kept):
    """New seeds of one model. ``steps``: it becomes better at four moments, by a half to four
    standard errors, in an order by chance; with ``steps`` False nothing is ever better.
    """

    def __init__(
        self, size: Size, rng: np.random.Generator, steps: bool, kind: Kind = "normal"
    ) -> None:
        self.rng, self.kind, self.shape = rng, kind, (size.loops, size.rows)
        self.steps = steps
        self.common = drawn(rng, self.shape, kind) * np.float32(np.sqrt(ALIKE / (1 - ALIKE)))
        self.unit = self._unit(size.rows)
        self.levels = np.zeros((size.loops, size.answers))
        apart = size.answers // 5
        late = rng.integers(0, max(apart // 2, 1), (size.loops, len(STEPS)))
        self.moments = np.arange(1, 5) * apart - late
        self.sizes = rng.permuted(np.tile(STEPS, (size.loops, 1)), axis=1)
        if steps:
            for step in range(len(STEPS)):
                after = np.arange(size.answers) >= self.moments[:, [step]]
                self.levels -= after * self.sizes[:, [step]] * self.unit
        self.truth = np.zeros((size.rules, size.loops))
        super().__init__(self._losses(0), size.rules)

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        self.losses, self.level = self._losses(number)[np.newaxis], self.levels[:, number]
        return Candidate(self.incumbent - self.losses, self.truth - self.level, self.losses)

    def accept(self, taken: NDArray[np.bool_]) -> None:
        self.truth = np.where(taken, self.level, self.truth)
        self.keep(taken, self.losses)

    def _losses(self, number: int) -> Floats:
        noise = self.common + drawn(
            self.rng, self.shape, "normal" if self.kind == "0-1" else self.kind
        )
        level = self.levels[:, [number]]
        if self.kind == "0-1":  # a latent normal, wrong where it is high; exactly so often
            edge = ndtri(np.clip(WRONG - level, 0.01, 0.999)) / np.sqrt(1 - ALIKE)
            return np.asarray(noise > edge, np.float32)
        return np.asarray(noise + level, np.float32)

    def _unit(self, rows: int) -> float:
        if self.kind != "0-1":
            return float(np.sqrt(2 / rows) * inflation(self.kind))
        pair = np.random.default_rng(1).standard_normal((3, 400_000))
        both = pair[0] * np.sqrt(ALIKE / (1 - ALIKE)) + pair[1:] > ndtri(WRONG) / np.sqrt(1 - ALIKE)
        return float(np.sqrt((both[0] != both[1]).mean() / rows))


LASTING = 0.5  # variance of an edit, and of each seed
GREAT = 2.0  # mean of a real improvement, in paired standard errors


class Edits(Kept):
    """Edits of a model that last, each tried with a new seed. A ``share`` of them is real, by 2
    standard errors on average; half of the others change nothing, half are worse, by 1 on average.
    ``share`` 0: all change rows and nothing else, so that no edit is better or worse.
    """

    def __init__(
        self, size: Size, rng: np.random.Generator, share: float, kind: Kind = "normal"
    ) -> None:
        self.rng, self.kind, self.shape = rng, kind, (size.loops, size.rows)
        self.unit = float(np.sqrt(3 * LASTING / size.rows) * inflation(kind))
        spread = np.float32(np.sqrt(3 * LASTING * ALIKE / (1 - ALIKE)))
        lasting = drawn(rng, self.shape, kind) * spread
        self.lasting = np.repeat(lasting[np.newaxis], size.rules, axis=0)
        plan = (size.loops, size.answers)
        worse = np.where(rng.random(plan) < 0.5, 0.0, rng.exponential(1.0, plan))
        real = rng.random(plan) < share
        self.changes = np.where(real, -rng.exponential(GREAT, plan), worse) * self.unit
        self.changes *= share > 0
        self.changes[:, 0] = 0.0
        super().__init__(lasting + self._noise(), size.rules)

    @property
    def oracle(self) -> Any:
        """What who knows the truth gains (R,)."""
        return -np.minimum(self.changes, 0).sum(axis=1)

    def candidate(self, number: int, thresholds: Any) -> Candidate:
        change = self.changes[:, number]
        self.edit = self._noise() + change[:, np.newaxis].astype(np.float32)
        self.losses = self.lasting + (self.edit + self._noise())
        better = np.tile(-change, (len(self.lasting), 1))
        return Candidate(self.incumbent - self.losses, better, self.losses)

    def accept(self, taken: NDArray[np.bool_]) -> None:
        for rule, loop in np.argwhere(taken):
            self.lasting[rule, loop] += self.edit[loop]
        self.keep(taken, self.losses)

    def _noise(self) -> Floats:
        return drawn(self.rng, self.shape, self.kind) * np.float32(np.sqrt(LASTING))
