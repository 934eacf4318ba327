"""Referees that were closed, of loops whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.referee.record import Closing, Raw, Submitted, Told
from viewcast.referee.referee import Referee, digest_of
from viewcast.referee.terms import Plan, Terms

Vector = NDArray[np.float64]
EVENING = 1_795_800_000_000  # milliseconds since 1970


@dataclass
class Played:
    """A loop that submits to a referee in memory, and what is known when it is closed."""

    targets: Vector
    terms: Terms = field(default_factory=Terms)
    metric: str = "mae"
    submitters: tuple[str, ...] = ("agent",)
    name: str = "night of edits"

    def __post_init__(self) -> None:
        terms = self.terms
        self.referee = Referee(
            self.targets, self.metric, terms.budget, terms.false, terms.hidden, terms.length,
            mode=terms.mode,
        )  # fmt: skip
        self.sent: list[Vector] = []
        self.answers: list[Submitted] = []

    def submit(self, predictions: Vector) -> bool:
        """Whether it was accepted."""
        answer = self.referee.submit(predictions)
        number = len(self.sent) + 1
        self.sent.append(predictions)
        by = self.submitters[(number - 1) % len(self.submitters)]
        at = EVENING + 60_000 * number
        self.answers.append(
            Submitted(number, digest_of(predictions), answer.accepted, answer.left, by, at)
        )
        return answer.accepted

    def closed(self, **changes: Any) -> Closing:
        """Everything that is public afterwards; ``changes`` override parts of it."""
        verdict = self.referee.close()
        gate, hidden = self.referee.parts.gate, self.referee.parts.hidden
        rows, told = len(self.targets), []
        for number, sent in enumerate(self.sent, 1):
            on_gate, on_hidden = self.referee.gain(sent, False), self.referee.gain(sent, True)
            raw = (on_gate.mean * len(gate) + on_hidden.mean * len(hidden)) / rows
            told.append(
                Told(number, float(on_gate.mean), float(on_gate.error), float(on_hidden.mean),
                     float(raw))
            )  # fmt: skip
        raws = [one.raw or 0.0 for one in told]
        best = np.maximum.accumulate(raws)
        claim = Raw(float(best[-1]), int((np.diff(best) > 0).sum()), int(np.argmax(raws)) + 1)
        plan = Plan(
            self.name, "5f1c0a9d3be27786", rows, self.metric, self.referee.metric.more_is_better,
            None, len(gate), len(hidden), self.terms, "valid.parquet",
        )  # fmt: skip
        parts: dict[str, Any] = {
            "plan": plan, "verdict": verdict, "submissions": tuple(self.answers),
            "told": tuple(told), "raw": claim, "deviations": (),
            "closed": EVENING + 60_000 * 600, "closed_by": "referee",
        }  # fmt: skip
        return Closing(**{**parts, **changes})


def loop(
    gains: Callable[[np.random.Generator], float],
    budget: int = 200,
    submissions: int = 200,
    seed: int = 0,
    **settings: Any,
) -> Played:
    """A loop of edits: each draws how much of the error it takes away (it may be negative), adds
    the luck of a seed, and stays only if it is accepted.
    """
    generator = np.random.default_rng(seed)
    terms = settings.pop("terms", Terms(budget=budget))
    played = Played(generator.normal(0, 1, settings.pop("rows", 366)), terms, **settings)
    error = generator.normal(0, 1, len(played.targets))
    for _ in range(submissions):
        share = 1 - gains(generator) if played.sent else 1.0
        edited = share * error + 0.25 * generator.normal(0, 1, len(error))
        if played.submit(played.targets + edited):
            error = share * error
    return played


def null(generator: np.random.Generator) -> float:
    """No edit changes anything but the seed."""
    return 0.0


def improver(generator: np.random.Generator) -> float:
    """One edit in twelve takes a tenth of the error away; the others are nothing, or harm."""
    return 0.1 if generator.random() < 1 / 12 else -abs(generator.normal(0, 0.03))
