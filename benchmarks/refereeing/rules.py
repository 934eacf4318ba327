"""Rules that accept or reject what a loop submits; each judges R loops at once.

The product's own (``pool``, ``explore``) decide by ``viewcast.referee.rule.accepted``. The others
are what is done today or was proposed: the source stands at each.

Shape letters: R loops, T answers.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from refereeing.moments import Seen
from viewcast.referee.gains import Gain
from viewcast.referee.rule import accepted, level
from viewcast.referee.terms import Terms

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
MANY = 5001


@dataclass(frozen=True)
class Asked:
    """A submission of each loop (R,), as a rule sees it. ``number``: 1 for the first after the
    baseline; ``unpaired``: standard error of the candidate's own loss; ``first``: of the
    baseline's; both on the rows that judge.
    """

    seen: Seen
    number: int
    unpaired: Any
    first: Any


class Rule(Protocol):
    """``claims_all``: the loop reads, and claims, the gain on all rows."""

    name: str
    claims_all: bool

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        """A new life of so many loops."""

    def decide(self, asked: Asked) -> Flags:
        """Which are accepted (R,)."""

    def threshold(self) -> Any:
        """The z that the next submission of each loop needs (R,): what a sandbagger knows."""


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
class Spending:
    """α/k²: the k-th submission is tested at 6α/(π²k²), a Bonferroni sum over any life."""

    name: str
    alpha: float = 0.05
    claims_all: bool = False
    k: int = 1

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.loops, self.k = loops, 1

    def decide(self, asked: Asked) -> Flags:
        found = asked.seen.gate.p < self._level()
        self.k += 1
        return np.asarray(found)

    def threshold(self) -> Any:
        return np.full(self.loops, -ndtri(self._level()))

    def _level(self) -> float:
        return float(self.alpha * 6 / np.pi**2 / self.k**2)


def shares() -> Floats:
    """γ_j ∝ log(max(j, 2)) / (j exp √log j), with sum 1: Javanmard & Montanari (2018)."""
    j = np.arange(1.0, MANY)
    found = np.log(np.maximum(j, 2)) / (j * np.exp(np.sqrt(np.log(j))))
    return np.asarray(found / found.sum())


@dataclass
class Lord:
    """LORD++: Ramdas, Yang, Wainwright & Jordan (2017), NeurIPS, with W₀ = α/2.

    α_t = γ_t W₀ + (α − W₀) γ_{t−τ₁} + α Σ γ_{t−τ_j}.
    """

    name: str
    alpha: float = 0.05
    claims_all: bool = False

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.gamma, self.t = shares()[:budget], 0
        self.levels = np.tile(self.alpha / 2 * self.gamma, (loops, 1))
        self.found = np.zeros(loops, int)

    def decide(self, asked: Asked) -> Flags:
        taken = np.asarray(asked.seen.gate.p < self.levels[:, self.t])
        self.t += 1
        weight = np.where(self.found[taken] == 0, self.alpha / 2, self.alpha)[:, np.newaxis]
        self.levels[taken, self.t :] += weight * self.gamma[: self.levels.shape[1] - self.t]
        self.found += taken
        return taken

    def threshold(self) -> Any:
        return -ndtri(np.clip(self.levels[:, self.t], 1e-12, 0.5))


@dataclass
class Saffron:
    """SAFFRON: Ramdas, Zrnic, Wainwright & Jordan (2018), ICML; λ = 1/2, W₀ = α/2.

    As LORD++, but for the factor 1 − λ, and time stands still for candidates (p ≤ λ).
    """

    name: str
    alpha: float = 0.05
    candidate: float = 0.5
    claims_all: bool = False

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.gamma = np.append(shares()[:budget], 0.0)  # the last one: of no acceptance
        self.clock = np.zeros(loops, int)  # submissions that were no candidates
        self.begun = np.full((loops, budget), -budget)
        self.begun[:, 0] = 0
        self.found = np.zeros(loops, int)
        self.weight = np.full(budget, self.alpha)
        self.weight[:2] = self.alpha / 2

    def decide(self, asked: Asked) -> Flags:
        p = asked.seen.gate.p
        taken = np.asarray(p < self._level())
        self.clock += p > self.candidate
        self.found += taken
        self.begun[taken, self.found[taken]] = self.clock[taken]
        return taken

    def threshold(self) -> Any:
        return -ndtri(np.clip(self._level(), 1e-12, 0.5))

    def _level(self) -> Any:
        most = int(self.found.max()) + 1
        since = self.clock[:, np.newaxis] - self.begun[:, :most]
        own = self.gamma[np.minimum(since, len(self.gamma) - 1)] @ self.weight[:most]
        return np.minimum(self.candidate, (1 - self.candidate) * own)


@dataclass
class ELond:
    """e-LOND: Xu & Ramdas (2024), AISTATS. Accepted where e ≥ 1/(α γ_t (1 + a)).

    e = exp(λz − λ²/2), z of the paired t's p, λ = 3.5.
    """

    name: str
    alpha: float = 0.2
    bet: float = 3.5
    claims_all: bool = False

    def start(self, loops: int, budget: int, rng: np.random.Generator) -> None:
        self.gamma, self.t, self.found = shares()[:budget], 0, np.zeros(loops, int)

    def decide(self, asked: Asked) -> Flags:
        z = -ndtri(np.clip(asked.seen.gate.p, 1e-300, 1 - 1e-16))
        taken = np.asarray(z >= self.threshold())
        self.t += 1
        self.found += taken
        return taken

    def threshold(self) -> Any:
        needed = np.log(1 / (self.alpha * self.gamma[self.t] * (1 + self.found)))
        return (needed + self.bet**2 / 2) / self.bet


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
