"""The history moved to a confirmed habit: its level and weekday pattern from that day on."""

from collections.abc import Sequence

from viewcast.forecast.habits import Habit
from viewcast.forecast.history import History


def rebased(history: History, habits: Sequence[Habit]) -> History:
    """The same days, those before each habit moved to it."""
    return history
