"""A simulated channel whose habits change overnight, and what forecasters truly lose on it.

The same past can be continued in many simulations, so the mean loss of a forecaster there is known.

Shape letters: W simulations, D days ahead, L lags.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.settings import construct
from viewcast.data.daily import calendar, with_lags, with_levels
from viewcast.data.simulator import ChannelSimulator
from viewcast.forecast.forecaster import Forecaster, Inputs

Floats = NDArray[np.float64]
LAGS = 28  # days before a world that are kept with it
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
    """Continuations of a channel: ``views`` (W, L + D), the L days before them in front; ``days``:
    the D days.
    """

    views: Floats
    days: pd.DatetimeIndex
    _features: dict[Inputs, pd.DataFrame] = field(default_factory=dict, repr=False)

    def losses(self, forecaster: Forecaster) -> Floats:
        """Mean absolute error one day ahead, in views, by world (W,)."""
        inputs = forecaster.inputs
        if inputs not in self._features:
            self._features[inputs] = self._made(inputs)
        predicted = forecaster.model.predict(self._features[inputs]) * inputs.scale
        return self._mean(np.maximum(predicted, 0).reshape(len(self.views), -1))

    def naive(self, lag: int) -> Floats:
        """The same of the views ``lag`` days before."""
        return self._mean(self.views[:, -len(self.days) - lag : -lag])

    def _made(self, inputs: Inputs) -> pd.DataFrame:
        """The features (W D) of every day of every world."""
        past = np.lib.stride_tricks.sliding_window_view(self.views, inputs.lags, axis=1)
        past = past[:, -len(self.days) - 1 : -1, ::-1].reshape(-1, inputs.lags) / inputs.scale
        of = calendar(self.days, inputs.country, pd.Timestamp(inputs.first))
        return with_levels(with_lags(past, pd.concat([of] * len(self.views))))

    def _mean(self, predicted: Floats) -> Floats:
        return np.asarray(np.abs(predicted - self.views[:, -len(self.days) :]).mean(axis=1))


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
        views, memory = self._life
        ahead = pd.date_range(newest + DAY, periods=days)
        of = [self.regime(ahead[0] if stays else day) for day in ahead]
        rng = np.random.default_rng([self.seed, 1, newest.toordinal(), days])
        drawn, _ = self._live(ahead, of, np.full(count, memory[newest]), rng)
        past = views[:newest].to_numpy()[-LAGS:]
        return Simulations(np.hstack([np.tile(past, (count, 1)), drawn]), ahead)

    def settled(self, newest: pd.Timestamp, days: int, count: int) -> Simulations:
        """As ``simulations``; the channel was always in the regime of the day after ``newest``."""
        always = _always(self.regimes[self.regime(newest + DAY)], self.last, self.seed)
        whole = always.simulations(newest - LAGS * DAY, LAGS + days, count, stays=True)
        return Simulations(whole.views[:, LAGS:], whole.days[LAGS:])

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
