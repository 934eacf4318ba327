"""The attack on the leaderboard once more, before a referee.

Base model, steps, their number and the rows are the same. The attacker hears one bit of each
submission instead of its score. What both climbs were worth is computed afterwards, on fresh
simulations and on the rows of the hidden holdout.

The submissions of this climb are no looks in MLflow. Those of the attack are, on the same rows, and
no bit of this one is used for anything but the comparison. Recorded as a referee's they would let
the audit tell of every model of the channel that it has read rows of a referee.

Shape letter: N rows.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from viewcast.demo.leaderboard import (
    Attack,
    Flags,
    Vector,
    climb,
    climb_by_bits,
    submissions,
)
from viewcast.demo.truth import Simulations, Truth
from viewcast.demo.two_climbs import Ascent, Step, TwoClimbs
from viewcast.models.fitted import Fitted
from viewcast.referee.referee import Referee
from viewcast.referee.terms import Terms
from viewcast.training.config import Config
from viewcast.training.rows import Rows, problem_of


def refereed(
    config: Config, attack: Attack, terms: Terms, rows: Rows, simulations: Simulations
) -> TwoClimbs:
    """Both climbs: on a leaderboard of the validation rows, and before a referee that holds them.

    ``config``: the model that the attack starts from. Refuses (DataError) too few rows for the
    terms.
    """
    shown, loss = rows.validation, config.loss
    target = shown["target"].to_numpy()

    def losses(target: Vector, predicted: Vector) -> Vector:
        return np.asarray(loss.rows(predicted, target))

    referee = Referee(target, losses, terms.budget, terms.false, terms.hidden, terms.length)
    base = config.trainer.fit(problem_of(config, rows), config.model).model
    predicted = base.predict(shown)
    board = climb(lambda one: float(losses(target, one).mean()), predicted, shown["row"], attack)
    accepted = climb_by_bits(
        lambda one: referee.submit(one).accepted, predicted, shown["row"], attack
    )
    verdict = referee.close()
    worth = _Worth(config, attack, rows, simulations, base)
    on_board = board.shown[0] - board.shown[board.kept]
    at_referee = [
        float(referee.gain(one, hidden=False).mean)
        for one in kept(predicted, shown["row"], attack, accepted)
    ]
    return TwoClimbs(
        data=config.data.name,
        label=config.data.label,
        loss=loss.name,
        unit=loss.unit(config.data.unit),
        submissions=attack.submissions,
        rows=len(shown),
        gate=len(referee.parts.gate),
        hidden=len(referee.parts.hidden),
        sealed=len(rows.hidden),
        budget=terms.budget,
        false=terms.false,
        leaderboard=worth.of(board.kept, on_board.tolist()),
        referee=worth.of(accepted, at_referee),
        verdict=verdict,
    )


def kept(base: Vector, rows: pd.Series, attack: Attack, flags: Flags) -> Iterator[Vector]:
    """The predictions (N,) of each submission that was kept, for any rows."""
    every = submissions(base, rows, attack, flags)
    return (one for one, flag in zip(every, flags, strict=True) if flag)


class _Worth:
    """What submissions gain over the base model where nobody was shown a score."""

    def __init__(
        self, config: Config, attack: Attack, rows: Rows, simulations: Simulations, base: Fitted
    ) -> None:
        self.loss, self.attack = config.loss, attack
        self.hidden, self.simulations = rows.hidden, simulations
        self.on_hidden = base.predict(rows.hidden)
        self.simulated = simulations.predict(base)

    def of(self, flags: Flags, claimed: list[float]) -> Ascent:
        """Of the submissions that were kept, with the gains that were claimed of them."""
        steps = []
        first = self.simulations.losses(self.simulated, self.loss)
        numbers = np.flatnonzero(flags) + 1
        fresh = kept(self.simulated, self.simulations.rows["row"], self.attack, flags)
        for number, claim, predicted in zip(numbers, claimed, fresh, strict=True):
            gain = Truth.of(first - self.simulations.losses(predicted, self.loss))
            steps.append(Step(int(number), claim, gain.mean, gain.error))
        return Ascent(tuple(steps), self._sealed(flags))

    def _sealed(self, flags: Flags) -> float:
        target = self.hidden["target"].to_numpy()
        *_, last = kept(self.on_hidden, self.hidden["row"], self.attack, flags)
        gains = self.loss.rows(self.on_hidden, target) - self.loss.rows(last, target)
        return float(gains.mean())
