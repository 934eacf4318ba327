"""A simulated channel whose habits change overnight, and what forecasts truly lose on it.

The same past can be continued in many simulations, so the mean loss of a forecast is known.

Shape letters: W simulations, D days ahead.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.settings import construct
from viewcast.data.simulator import ChannelSimulator

Floats = NDArray[np.float64]
DAY = pd.Timedelta(days=1)


def three_changes(start: str) -> tuple[ChannelSimulator, ...]:
    """The channel of ``conf/simulator.yaml`` from ``start`` on; with three times the views; then
    also with busy weekends instead of weekdays; then with a third of these views and twice the
    noise.
    """
    plain = compose(REPOSITORY, [], "simulator")["simulator"]
    usual = construct(ChannelSimulator, plain, "simulator")
    first = replace(usual, start=date.fromisoformat(start))
    more = replace(first, level=3 * first.level)
    turned = tuple(max(first.weekday) + min(first.weekday) - factor for factor in first.weekday)
    weekends = replace(more, weekday=turned)
    return first, more, weekends, replace(weekends, level=weekends.level / 3, noise=2 * first.noise)


@dataclass(frozen=True)
class Simulations:
    """Continuations of a channel: ``views`` (W, D) of ``days``."""

    views: Floats
    days: pd.DatetimeIndex

    def loss(self, forecast: Floats) -> float:
        """The mean absolute error a day of a forecast (D,), in views: what it truly loses."""
        return float(np.abs(forecast - self.views).mean())


@dataclass(frozen=True)
class Channel:
    """A channel that lives by ``regimes``, each but the first from its day in ``firsts`` on."""

    regimes: tuple[ChannelSimulator, ...]
    firsts: tuple[pd.Timestamp, ...]
    last: pd.Timestamp
    seed: int

    @property
    def views(self) -> pd.Series:
        """What it has lived through, from the start of the simulator to ``last``."""
        return self._life[0]

    def regime(self, day: pd.Timestamp) -> int:
        """Which of the regimes a day is in."""
        return sum(first <= day for first in self.firsts)

    def simulations(self, newest: pd.Timestamp, days: int, count: int, stays: bool) -> Simulations:
        """Days after ``newest`` lived anew; ``stays``: in the regime of the first of them, whatever
        came later in truth.
        """
        _, memory = self._life
        ahead = pd.date_range(newest + DAY, periods=days)
        of = [self.regime(ahead[0] if stays else day) for day in ahead]
        rng = np.random.default_rng([self.seed, 1, newest.toordinal(), days])
        drawn, _ = self._live(ahead, of, np.full(count, memory[newest]), rng)
        return Simulations(drawn, ahead)

    def always(self, day: pd.Timestamp) -> "Channel":
        """A channel that was always in the regime of a day."""
        return _always(self.regimes[self.regime(day)], self.last, self.seed)

    @cached_property
    def _rhythms(self) -> pd.DataFrame:
        """What each regime would bring on each day without surprises, to 60 days after the last."""
        days = pd.date_range(self.regimes[0].start, self.last + 60 * DAY)
        return pd.DataFrame({k: regime.rhythm(days) for k, regime in enumerate(self.regimes)}, days)

    @cached_property
    def _life(self) -> tuple[pd.Series, pd.Series]:
        """Views and memory by day."""
        days = pd.date_range(self.regimes[0].start, self.last, name="date").as_unit("us")
        of = [self.regime(day) for day in days]
        rng = np.random.default_rng([self.seed, 0])
        views, memory = self._live(days, of, np.zeros(1), rng)
        return pd.Series(views[0], days, name="views"), pd.Series(memory[0], days)

    def _live(
        self, days: pd.DatetimeIndex, of: list[int], state: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Views and memory (W, D) after ``state`` (W,), by the formula of the simulator."""
        rhythms = self._rhythms.loc[days].to_numpy()
        habit = self.regimes[0]  # what is left of a surprise is no matter of the regime
        shocks = rng.standard_t(habit.tail, (len(days), len(state)))
        shocks *= np.sqrt((habit.tail - 2) / habit.tail)
        memory = np.empty((len(state), len(days)))
        for day, regime in enumerate(of):
            kept = np.where(state > 0, habit.memory_high, habit.memory_low)
            state = kept * state + self.regimes[regime].noise * shocks[day]
            memory[:, day] = state
        return np.rint(rhythms[np.arange(len(days)), of] * np.exp(memory)), memory


@cache
def _always(regime: ChannelSimulator, last: pd.Timestamp, seed: int) -> Channel:
    return Channel((regime,), (), last, seed)
