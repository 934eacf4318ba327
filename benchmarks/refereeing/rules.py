"""Rules that accept or reject what a loop submits; each judges R loops at once.

The product's own (``pool``, ``explore``) decide by ``viewcast.referee.rule.accepted``. The others
are what is done today or was proposed: the source stands at each.

Shape letters: R loops, T answers.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from refereeing.asked import Asked, Flags, Floats, Rule
from refereeing.spending import ELond, Lord, Saffron, Spending
from viewcast.referee.gains import Gain
from viewcast.referee.rule import accepted, level
from viewcast.referee.terms import Terms


@dataclass
class Pool:
    """The product's rule."""

    name: str
    terms: Terms
    claims_all: bool = False
    acceptances: Any = None

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.terms = replace(self.terms, budget=budget)
        self.acceptances = np.zeros(loops, int)

    def decide(self, asked: Asked) -> Flags:
        taken = accepted(asked.seen.gate, asked.first, self.terms, self.acceptances)
        self.acceptances += taken
        return np.asarray(taken)

    def threshold(self) -> Any:
        if self.terms.mode == "explore":
            return np.ones(len(self.acceptances))
        return -ndtri(level(self.terms, self.acceptances))


@dataclass
class Plain:
    """Accepted where the gain is above ``z`` standard errors: paired, unpaired, or p < ``alpha``.

    ``z`` 0 on all rows is the loop that is shown the raw score.
    """

    name: str
    z: float = 0.0
    unpaired: bool = False
    alpha: float | None = None
    claims_all: bool = False

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.loops = loops

    def decide(self, asked: Asked) -> Flags:
        gain = asked.seen.every if self.claims_all else asked.seen.gate
        if self.alpha is not None:
            return np.asarray(gain.p < self.alpha)
        error = asked.unpaired if self.unpaired else gain.error
        return np.asarray(gain.mean > self.z * error)

    def threshold(self) -> Any:
        return np.full(self.loops, self.z if self.alpha is None else -ndtri(self.alpha))


@dataclass
class Thresholdout:
    """Thresholdout: Dwork et al. (2015), Science 349:636, with noise in its published proportions.

    The gain of the rows that judge is told while the hidden ones agree within one standard error of
    their difference and Laplace noise, else the hidden rows' with noise; accepted above one
    standard error. Its own budget of disagreements is not limited here.
    """

    name: str
    noise: float = 0.25  # of the threshold
    claims_all: bool = False

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.rng, self.loops = rng, loops
        self.shift = self._drawn(2)

    def decide(self, asked: Asked) -> Flags:
        gate, hidden = asked.seen.gate, asked.seen.hidden
        unit = np.hypot(gate.error, hidden.error)
        over = np.abs(gate.mean - hidden.mean) > (1 + self.shift + self._drawn(4)) * unit
        told = np.where(over, hidden.mean + self._drawn(1) * unit, gate.mean)
        self.shift = np.where(over, self._drawn(2), self.shift)
        return np.asarray(told > gate.error)

    def threshold(self) -> Any:
        return np.ones(self.loops)

    def _drawn(self, times: float) -> Floats:
        return self.rng.laplace(0, times * self.noise, self.loops)


@dataclass
class Confirmed:
    """The Ladder, and then the hidden rows must agree in sign: they are read at each acceptance."""

    name: str
    claims_all: bool = False

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.loops = loops

    def decide(self, asked: Asked) -> Flags:
        gate: Gain = asked.seen.gate
        return np.asarray((gate.mean > gate.error) & (asked.seen.hidden.mean > 0))

    def threshold(self) -> Any:
        return np.ones(self.loops)


def every_rule() -> list[Rule]:
    """Those of the table, in its order."""
    return [
        Plain("raw score shown", claims_all=True),
        Plain("unpaired 1 sigma", z=1.0, unpaired=True),
        Pool("Ladder, step 1 s.e. (explore)", Terms(mode="explore")),
        Plain("paired t 5 %", alpha=0.05),
        Spending("α/k²"),
        Lord("LORD++"),
        Saffron("SAFFRON"),
        ELond("e-LOND"),
        Thresholdout("Thresholdout"),
        Confirmed("Ladder, hidden rows confirm"),
        the_referee(),
        Pool("pool F = 3", Terms(false=3.0)),
    ]


def the_referee() -> Rule:
    """The product's rule, with its defaults."""
    return Pool("pool F = 1 (the referee)", Terms(false=1.0))
