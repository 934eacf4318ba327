"""The lives of R loops under each of J rules, from the first submission to the verdict.

Shape letters as in ``refereeing.honest``.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refereeing.asked import Asked, Rule
from refereeing.honest import Edits, Loop, Seeds, Size
from refereeing.moments import run_of, seen
from viewcast.referee.interval import interval
from viewcast.referee.parts import Parts, parts
from viewcast.referee.terms import HiddenRows, Terms

Floats = NDArray[np.float64]


class Windows(NamedTuple):
    """When an honest improver becomes better (R, 4), and by how much, in paired standard errors."""

    moments: Any
    sizes: Any


@dataclass(frozen=True)
class Life:
    """Of one rule and R loops, all gains in units of the loop's standard error.

    ``accepted``, ``better`` (R, T): what was accepted, and the true gain of each over the incumbent
    of its time; ``true``, ``claim``, ``estimate``, ``low``, ``high`` (R,): of the last accepted
    submission over the first. A loop that accepted nothing claims 0, which is right. ``oracle``
    (R,): what who knows the truth gains, of loops that tell.
    """

    rule: str
    accepted: NDArray[np.bool_]
    better: Floats
    true: Floats
    claim: Floats
    estimate: Floats
    low: Floats
    high: Floats
    oracle: Floats | None
    windows: Windows | None

    @property
    def false(self) -> Any:
        """Acceptances of what is no improvement (R,)."""
        return (self.accepted & (self.better <= 0)).sum(axis=1)

    @property
    def some(self) -> Any:
        """Whether anything was accepted (R,): else there is no interval."""
        return self.accepted.any(axis=1)

    @property
    def covered(self) -> Any:
        """Whether the interval holds the truth (R,)."""
        return (self.low - 1e-6 <= self.true) & (self.true <= self.high + 1e-6)


def lives(
    loop: Loop,
    rules: list[Rule],
    size: Size,
    rng: np.random.Generator,
    length: float = 1.0,
    told: Callable[[], object] = lambda: None,
    hidden_rows: HiddenRows = "last",
) -> list[Life]:
    """Of every rule. ``length``: of dependence, in rows; ``told``: called after each submission."""
    of = parts(size.rows, Terms(budget=size.answers, length=length, hidden_rows=hidden_rows))
    for rule in rules:
        rule.start(size.loops, size.answers, rng)
    shape = (size.rules, size.loops, size.answers)
    accepted, better = np.zeros(shape, bool), np.zeros(shape)
    first = of.judging.gain(loop.baseline[:, of.gate]).error
    unpaired = next((i for i, rule in enumerate(rules) if getattr(rule, "unpaired", False)), None)
    for number in range(1, size.answers):
        found = loop.candidate(number, np.stack([rule.threshold() for rule in rules]))
        moments = seen(found.gains, of)
        taken = accepted[:, :, number]
        for place, rule in enumerate(rules):
            own = None
            if place == unpaired:
                own = of.judging.gain(
                    found.losses[min(place, len(found.losses) - 1)][:, run_of(of.gate)]
                ).error
            taken[place] = rule.decide(Asked(moments.of(place), number, own, first))
        better[:, :, number] = found.better
        loop.accept(taken)
        told()
    gained = loop.gained()
    return [
        _life(rule, loop, of, accepted[place], better[place], gained[place])
        for place, rule in enumerate(rules)
    ]


def _life(rule: Rule, loop: Loop, of: Parts, accepted: Any, better: Any, gained: Any) -> Life:
    gate = of.judging.gain(gained[:, of.gate])
    hidden = of.closing.gain(gained[:, of.hidden])
    it = interval(gate, hidden)
    claim = gained.mean(axis=1, dtype=np.float64) if rule.claims_all else gate.mean
    unit, true = loop.unit, (better * accepted).sum(axis=1)
    told = (claim, it.estimate, it.low, it.high)
    steps = isinstance(loop, Seeds) and loop.steps
    return Life(
        rule.name,
        accepted,
        better / unit,
        true / unit,
        *(np.asarray(value) / unit for value in told),
        loop.oracle / unit if isinstance(loop, Edits) else None,
        Windows(loop.moments, loop.sizes) if steps else None,
    )


def joined(parts: list[Life]) -> Life:
    """Of several batches of loops under one rule."""
    values = {}
    for one in fields(Life):
        own = [getattr(part, one.name) for part in parts]
        if isinstance(own[0], np.ndarray):
            values[one.name] = np.concatenate(own)
        elif isinstance(own[0], Windows):
            values[one.name] = Windows(*(np.concatenate(each) for each in zip(*own, strict=True)))
        else:
            values[one.name] = own[0]
    return Life(**values)
