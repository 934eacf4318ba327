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
from viewcast.report.nights_record import Alarm
from viewcast.retraining.kept_lines import KeptLines
from viewcast.retraining.record import days_ahead

Vector = NDArray[np.float64]

NIGHTS = 60  # the newest ones that are looked at
NEAR = timedelta(days=WEEK)  # a confirmed habit so near to an alarm explains it


def standing(kept: KeptLines, served: ChannelForecaster) -> list[Alarm]:
    """The alarms that still stand, in order of time, each beside the forecast of the new habit.

    That forecast is of the recipes that serve, refitted with the alarm taken for a habit; it is
    left out where a person has confirmed one, since that one serves then.
    """
    errors, history = kept.errors(COMBINATION), kept.history
    found = alarm.alarms(errors.origins, errors.log, history, NIGHTS)
    made = []
    for each in found:
        if each.stands(history.newest):
            confirmed = any(abs(habit.since - each.since) <= NEAR for habit in served.habits)
            log = None if confirmed else _rebased(served, history, Habit(each.since, each.sentence))
            moved = [] if log is None else days_ahead(history, log, served.intervals)
            made.append(Alarm(each.since, each.sentence, confirmed, moved))
    return made


def _rebased(served: ChannelForecaster, history: History, habit: Habit) -> Vector:
    """log(1 + views) (H,) of the next days, as the recipes that serve say with one habit more."""
    habits = (*served.habits, habit)
    refitted = ChannelForecaster.fitted(served.recipes, history, served.horizon, habits)
    return np.maximum(refitted.forecast(history), 0)
