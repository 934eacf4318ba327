"""A history moved to a confirmed habit: which step is found, and what stays as it was."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.rebase import rebased, step

START = date(2024, 1, 1)  # a Monday
WEEKDAYS = np.array([0.2, 0.2, 0.1, 0.1, 0.0, -0.3, -0.3])
DAYS, NEW = 200, 21


def day(number: int) -> date:
    return START + timedelta(days=number)


def habit(number: int) -> Habit:
    return Habit(day(number), "a test")


def channel(level: float, weekdays: np.ndarray, new: int = NEW, noise: float = 0.1) -> History:
    """A channel of 1,000 views a day; after DAYS days level and weekdays are others."""
    days = DAYS + new
    log = np.log(1000) + 0.1 * np.random.default_rng(1).standard_normal(days) * (noise / 0.1)
    kinds = np.arange(days) % WEEK
    log += np.where(np.arange(days) < DAYS, WEEKDAYS[kinds], level + weekdays[kinds])
    return History(START, np.maximum(log, 0))


@pytest.mark.parametrize(("new", "noise"), [(1, 0.1), (3, 0.06), (NEW, 0.03)])
def test_a_new_level_is_known_after_one_day(new: int, noise: float) -> None:
    found = step(channel(np.log(3), WEEKDAYS, new), day(DAYS))
    assert found is not None
    assert np.log(found.factor / 3) == pytest.approx(0, abs=3 * noise)


def test_turned_weekdays_are_known_after_three_weeks() -> None:
    found = step(channel(0, -WEEKDAYS), day(DAYS))
    assert found is not None
    assert found.level + found.weekdays == pytest.approx(-2 * WEEKDAYS, abs=0.25)


def test_after_two_days_weekdays_are_hardly_moved() -> None:
    found = step(channel(np.log(3), WEEKDAYS, 2), day(DAYS))
    assert found is not None
    assert np.abs(found.weekdays).max() < 0.1


def test_the_days_before_are_moved_and_those_after_are_kept() -> None:
    history = channel(np.log(3), -WEEKDAYS)
    moved = rebased(history, [habit(DAYS)])
    assert (moved.first, len(moved)) == (history.first, len(history))
    assert moved.log[DAYS:].tolist() == history.log[DAYS:].tolist()
    kinds = history.weekdays
    rest = moved.log - np.log(3000) + WEEKDAYS[kinds]
    assert np.abs(rest[DAYS - 56 : DAYS].mean()) < 0.05


def test_without_a_true_change_little_moves() -> None:
    history = channel(0, WEEKDAYS)
    moved = rebased(history, [habit(DAYS)])
    assert np.abs(moved.log - history.log).mean() < 0.1


@settings(max_examples=40)
@given(st.integers(-30, DAYS + NEW + 30), st.integers(-30, DAYS + NEW + 30))
def test_any_two_days_are_taken_and_values_stay_views(one: int, other: int) -> None:
    history = channel(np.log(0.001), WEEKDAYS)
    moved = rebased(history, [habit(one), habit(other)])
    assert len(moved) == len(history)
    assert np.isfinite(moved.log).all()
    assert (moved.log >= 0).all()


@pytest.mark.parametrize("number", [-5, 0, WEEK - 1, DAYS + NEW, DAYS + NEW + 9])
def test_a_habit_without_days_around_it_moves_nothing(number: int) -> None:
    history = channel(1, WEEKDAYS)
    assert rebased(history, [habit(number)]).log.tolist() == history.log.tolist()


def test_later_days_of_the_old_habit_decide_nothing_about_the_new_one() -> None:
    history = channel(np.log(3), WEEKDAYS, 60)
    log = history.log.copy()
    log[DAYS + 30 :] += 2  # a second change
    twice = rebased(History(START, log), [habit(DAYS + 30), habit(DAYS)])
    assert twice.log[DAYS - 20 : DAYS].mean() == pytest.approx(np.log(3000) + 2, abs=0.2)
    first = step(History(START, log), day(DAYS), day(DAYS + 30))
    assert first is not None
    assert first.factor == pytest.approx(3, rel=0.15)


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_a_channel_without_any_noise_is_moved_too(level: float) -> None:
    log = np.full(60, level)
    log[50:] = level + 1
    moved = rebased(History(START, log), [habit(50)])
    assert moved.log == pytest.approx(np.full(60, level + 1), abs=0.01)
