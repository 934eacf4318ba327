"""Rules of sequential testing: each submission is tested at a level, a share of one α for all.

Their γ_j shares α among submissions; what is accepted earns level for those to come.

Shape letters: R loops, T answers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from refereeing.asked import Asked, Flags, Floats

MANY = 5001


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
