"""Sixty nights in a row with three changes of habit: what a confirmed habit is worth.

    python benchmarks/bench_nights.py --seeds 6

Each night the combination of ``conf/retrain.yaml`` is refitted on all days and forecasts 7 days.
The channel is simulated, so the true loss of a forecast is known: the mean over many simulations of
the next days, if the regime stays. Three persons keep such a channel:

- ``silent`` confirms nothing;
- ``knows`` confirms each change on its first day, since she made it herself;
- ``alarmed`` confirms each alarm on the evening it rings, for the day that it names.

``recovered in``: nights after a change until the loss stayed, for five nights in a row, within 25 %
of the settled loss, by seed; 1 is the night that knows the first day of the new habit. The settled
loss is that of the same recipes on a channel that has always been in the regime. ``x settled``,
``x naive``: the loss divided by the settled loss, and by that of the better of two naive forecasts
(same weekday, mean of 7 days); means over the nights of a regime, geometric over seeds. ``x first
week``: the former over the first seven nights. ``rang after``: new days known when the alarm rang,
by seed; ``named``: how many days its day lies from the true one.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track
from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.project import REPOSITORY
from support.regimes import DAY, Channel, three_changes
from viewcast.base.cli import compose
from viewcast.forecast.alarm import Alarm, alarms
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.rebase import rebased
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import configured

Floats = NDArray[np.float64]
FIRST = pd.Timestamp("2019-03-27")  # the newest day of the first night
NIGHTS, BEFORE = 60, 75  # nights, and nights before them whose forecasts were kept
CHANGES = (8, 25, 42)  # nights that bring the first day of a new regime
REGIMES = ("as usual", "three times the views", "weekends busy", "a third, noise x 2")
PERSONS = ("silent", "knows", "alarmed")
SIMULATIONS = 200
NEAR, STEADY = 1.25, 5  # a loss up to this multiple is near; so many nights near are a recovery


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--recipes", nargs="+", help="by default those of the combination")
    arguments = parser.parse_args()
    names = tuple(
        arguments.recipes or compose(REPOSITORY, [], "retrain")["forecast"]["combination"]
    )
    seeds = range(arguments.seeds)
    with ProcessPoolExecutor(arguments.processes, get_context("spawn")) as pool:
        lives = list(track(pool.map(lived, seeds, repeat(names)), "lives", len(seeds)))
    rows = [
        {"regime": REGIMES[regime], "person": person, **row(lives, person, regime)}
        for regime in range(1, len(REGIMES))
        for person in PERSONS
    ]
    note = f"{arguments.seeds} seeds of {NIGHTS} nights; changes at {CHANGES}; {', '.join(names)}"
    keep("nights", rows, note)


@dataclass
class Life:
    """``losses``: a row for each night and person. ``rung``: the alarms of ``alarmed``."""

    losses: pd.DataFrame
    rung: list[Alarm]
    firsts: tuple[pd.Timestamp, ...]


def lived(seed: int, names: tuple[str, ...]) -> Life:
    """The nights of one channel, with each of the persons; ``names``: of the recipes."""
    firsts = tuple(FIRST + (night - 1) * DAY for night in CHANGES)
    channel = Channel(three_changes("2017-01-01"), firsts, FIRST + NIGHTS * DAY, seed)
    keepers = {person: Keeper(channel, person, names) for person in PERSONS}
    for newest in pd.date_range(end=FIRST - DAY, periods=BEFORE):
        keepers["alarmed"].night(newest)
    rows = []
    for number in range(1, NIGHTS + 1):
        newest = FIRST + (number - 1) * DAY
        regime = channel.regime(newest)
        ahead = channel.simulations(newest, WEEK, SIMULATIONS, stays=True)
        always = channel.always(newest)
        settled = always.simulations(newest, WEEK, SIMULATIONS, stays=True)
        views = channel.views[:newest].to_numpy(np.float64)
        common = {
            "night": number,
            "regime": regime,
            "settled": settled.loss(forecast(always, newest, (), names)),
            "naive": min(
                ahead.loss(guess) for guess in (views[-WEEK:], np.full(WEEK, views[-WEEK:].mean()))
            ),
        }
        if regime:
            for person, keeper in keepers.items():
                rows.append({**common, "person": person, "loss": ahead.loss(keeper.night(newest))})
        else:
            keepers["alarmed"].night(newest)
    return Life(pd.DataFrame(rows), keepers["alarmed"].rung, firsts)


@dataclass
class Keeper:
    """A person who keeps the channel, night after night."""

    channel: Channel
    person: str
    names: tuple[str, ...]
    habits: list[Habit] = field(default_factory=list)
    rung: list[Alarm] = field(default_factory=list)
    origins: list[date] = field(default_factory=list)
    logs: list[Floats] = field(default_factory=list)

    def night(self, newest: pd.Timestamp) -> Floats:
        """The views (7,) that are forecast on the night that knows ``newest``."""
        if self.person == "knows":
            days = [first.date() for first in self.channel.firsts if first <= newest]
            self.habits = [Habit(day, "a change") for day in days]
        if self.person == "alarmed":
            self._listen(newest)
        views = forecast(self.channel, newest, self.habits, self.names)
        self.origins.append(newest.date())
        self.logs.append(np.log1p(views))
        return views

    def _listen(self, newest: pd.Timestamp) -> None:
        """Confirm an alarm that rings tonight and is not explained by a confirmed habit."""
        history = History.of(self.channel.views[:newest])
        known = np.append(history.log, np.full(WEEK, np.nan))
        history = rebased(history, self.habits)
        places = [history.place(origin) + 1 for origin in self.origins]
        errors = [known[at : at + WEEK] - log for at, log in zip(places, self.logs, strict=True)]
        for alarm in alarms(self.origins, np.array(errors), history, nights=30):
            near = any(abs((habit.since - alarm.since).days) <= WEEK for habit in self.habits)
            if alarm.last == newest.date() and not near:
                self.habits.append(Habit(alarm.since, alarm.sentence))
                self.rung.append(alarm)


def forecast(
    channel: Channel, newest: pd.Timestamp, habits: Sequence[Habit], names: tuple[str, ...]
) -> Floats:
    """The views (7,) that the mean of logs forecasts, refitted on all days to ``newest``."""
    history = History.of(channel.views[:newest])
    fitted = ChannelForecaster.fitted(members(names), history, WEEK, tuple(habits))
    return np.expm1(np.maximum(fitted.forecast(history), 0))


@cache
def members(names: tuple[str, ...]) -> dict[str, Recipe]:
    """The recipes, with the settings of ``conf/``."""
    sections = compose(REPOSITORY, [], "retrain")["recipes"]
    return configured({name: sections[name] for name in names})


def row(lives: list[Life], person: str, regime: int) -> dict[str, Any]:
    """One line of the table."""
    own = [
        life.losses[(life.losses["person"] == person) & (life.losses["regime"] == regime)]
        for life in lives
    ]
    rung = [next(iter(_rung(life, regime)), None) for life in lives] if person == "alarmed" else []
    first = lives[0].firsts[regime - 1].date()
    return {
        "recovered in": " ".join(str(recovery(losses)) for losses in own),
        "x settled": _ratio(own, "settled"),
        "x first week": _ratio([losses[:WEEK] for losses in own], "settled"),
        "x naive": _ratio(own, "naive"),
        "rang after": " ".join(
            "never" if alarm is None else str((alarm.first - first).days + 1) for alarm in rung
        ),
        "named": " ".join(
            "–" if alarm is None else f"{(alarm.since - first).days:+d}" for alarm in rung
        ),
    }


def _rung(life: Life, regime: int) -> list[Alarm]:
    """The alarms that rang in a regime."""
    ends = [*life.firsts[regime:], FIRST + NIGHTS * DAY]
    since, until = life.firsts[regime - 1].date(), ends[0].date()
    return [alarm for alarm in life.rung if since <= alarm.first < until]


def recovery(losses: pd.DataFrame) -> int | str:
    """Nights in a regime until the loss was near the settled one for five nights in a row."""
    near = (losses["loss"] <= NEAR * losses["settled"]).to_numpy()
    runs = np.lib.stride_tricks.sliding_window_view(near, STEADY).all(axis=1)
    return int(runs.argmax()) + 1 if runs.any() else "never"


def _ratio(losses: list[pd.DataFrame], name: str) -> float:
    each = [np.log(table["loss"].mean() / table[name].mean()) for table in losses]
    return float(np.exp(np.mean(each)))


if __name__ == "__main__":
    main()
