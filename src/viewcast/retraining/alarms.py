"""The alarms of a night: what the kept errors show, and what a new habit would forecast.

Shape letter: H days ahead.
"""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from viewcast.forecast import alarm
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.ledger import COMBINATION
from viewcast.forecast.rebase import rebased
from viewcast.report.nights_record import Alarm
from viewcast.retraining.kept_lines import KeptLines
from viewcast.retraining.record import days_ahead

Vector = NDArray[np.float64]

NIGHTS = 60  # the newest ones that are looked at
NEAR = timedelta(days=WEEK)  # a confirmed habit so near to an alarm explains it
TOLD = timedelta(days=4 * WEEK)  # after its first day a confirmed habit is told so long


def standing(kept: KeptLines, served: ChannelForecaster) -> list[Alarm]:
    """The alarms that still stand and the habits that were new in the last four weeks, by day.

    An alarm stands beside the forecast of the new habit: that of the recipes that serve, refitted
    with the alarm taken for a habit. A confirmed habit has none, since it serves.
    """
    errors, history = kept.errors(COMBINATION), kept.history
    moved = rebased(history, served.habits)
    told = [
        Alarm(habit.since, f"A new habit since {habit.since}: {habit.why.rstrip('.')}.", True, [])
        for habit in served.habits
        if habit.since <= history.newest < habit.since + TOLD
    ]
    for each in alarm.alarms(errors.origins, errors.log, moved, NIGHTS):
        confirmed = any(abs(habit.since - each.since) <= NEAR for habit in served.habits)
        if each.stands(history.newest) and not confirmed:
            log = _rebased(served, history, Habit(each.since, each.sentence))
            days = days_ahead(history, log, served.intervals)
            told.append(Alarm(each.since, each.sentence, False, days))
    return sorted(told, key=lambda each: each.since)


def _rebased(served: ChannelForecaster, history: History, habit: Habit) -> Vector:
    """log(1 + views) (H,) of the next days, as the recipes that serve say with one habit more."""
    habits = (*served.habits, habit)
    refitted = ChannelForecaster.fitted(served.recipes, history, served.horizon, habits)
    return np.maximum(refitted.forecast(history), 0)
