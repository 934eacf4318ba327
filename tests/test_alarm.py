"""The alarm: what rings, what does not, since when, and in which words."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from viewcast.forecast.alarm import Alarm, alarms
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.ledger import COMBINATION, Kept
from viewcast.forecast.rhythm import Rhythm
from viewcast.report import nights_record
from viewcast.retraining.alarms import standing
from viewcast.retraining.kept_lines import KeptLines
from viewcast.retraining.settings import Forecasting

START = date(2024, 1, 1)  # a Monday
WEEKDAYS = np.array([0.2, 0.2, 0.1, 0.1, 0.0, -0.3, -0.3])
DAYS, FIRST = 200, 90
RHYTHM = Rhythm(level_half_life=3, week_half_life=21, window=120)


def day(number: int) -> date:
    return START + timedelta(days=number)


def logs(seed: int = 1) -> NDArray[np.float64]:
    noise = 0.1 * np.random.default_rng(seed).standard_normal(DAYS)
    return np.log(1000) + WEEKDAYS[np.arange(DAYS) % WEEK] + noise


def kept(log: NDArray[np.float64]) -> NDArray[np.float64]:
    """The errors (O, 7) of forecasts that were kept on every night from day FIRST on."""
    errors = np.full((DAYS - FIRST, WEEK), np.nan)
    for row, known in enumerate(range(FIRST + 1, DAYS + 1)):
        ahead = RHYTHM.fit(History(START, log[:known]), WEEK).forecast(History(START, log[:known]))
        came = log[known : known + WEEK]
        errors[row, : len(came)] = came - ahead[: len(came)]
    return errors


def found(log: NDArray[np.float64]) -> list[Alarm]:
    return alarms([day(number) for number in range(FIRST, DAYS)], kept(log), History(START, log))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_channel_without_a_change_is_quiet(seed: int) -> None:
    assert found(logs(seed)) == []


@pytest.mark.parametrize("factor", [3, 1 / 3])
def test_another_level_rings_within_six_nights_and_its_day_is_found(factor: float) -> None:
    log = logs()
    log[160:] += np.log(factor)
    (rung,) = found(log)
    assert (rung.kind, rung.since) == ("level", day(160))
    assert (rung.first - rung.since).days <= 5
    assert rung.factor == pytest.approx(factor, rel=0.2)
    assert rung.stands(rung.last)
    assert not rung.stands(rung.last + timedelta(days=15))


def test_turned_weekdays_ring_after_two_weeks() -> None:
    log = logs()
    log[160:] -= 2 * WEEKDAYS[np.arange(160, DAYS) % WEEK]
    (rung,) = found(log)
    assert rung.kind == "weekdays"
    assert abs((rung.since - day(160)).days) <= 2
    assert (rung.first - day(160)).days <= 14


@pytest.mark.parametrize("days", [1, 2, 3])
def test_some_viral_days_ring_nothing(days: int) -> None:
    log = logs()
    log[160 : 160 + days] += np.log(8)
    assert [rung for rung in found(log) if rung.first < day(160 + WEEK)] == []


def test_two_changes_are_two_alarms() -> None:
    log = logs()
    log[145:] += np.log(4)
    log[175:] -= np.log(4)
    assert [rung.since for rung in found(log)] == [day(145), day(175)]


def test_later_days_change_no_earlier_alarm() -> None:
    log = logs()
    log[160:] += np.log(3)
    errors, history = kept(log), History(START, log)
    for newest in range(164, 175):
        known = errors.copy()
        for row in range(len(known)):
            known[row, max(0, newest - FIRST - row) :] = np.nan
        origins = [day(number) for number in range(FIRST, DAYS)]
        (rung,) = alarms(origins, known, history.until(day(newest)))
        assert (rung.since, rung.first) == (day(160), day(163))


def test_the_newest_nights_alone_tell_the_same() -> None:
    log = logs()
    log[160:] += np.log(3)
    origins, errors = [day(number) for number in range(FIRST, DAYS)], kept(log)
    history = History(START, log)
    assert alarms(origins, errors, history, nights=60) == alarms(origins, errors, history)
    assert alarms(origins, errors, history, nights=5) == []


def test_with_too_few_kept_forecasts_nothing_rings() -> None:
    log = logs()
    log[160:] += np.log(3)
    origins, errors = [day(number) for number in range(130, DAYS)], kept(log)[130 - FIRST :]
    assert alarms(origins, errors, History(START, log)) == []
    assert alarms([], np.empty((0, WEEK)), History(START, log)) == []
    assert alarms(origins, errors[:, :5], History(START, log)) == []


def test_nights_that_kept_nothing_are_left_out() -> None:
    log = logs()
    log[160:] += np.log(3)
    rows = [row for row in range(DAYS - FIRST) if row % 9 or row < 60]
    origins = [day(FIRST + row) for row in rows]
    (rung,) = alarms(origins, kept(log)[rows], History(START, log))
    assert rung.since == day(160)


def test_the_sentence_says_what_was_seen() -> None:
    rung = Alarm(day(160), "level", day(165), day(170), 3.04, 11.2)
    assert rung.sentence == (
        "The days since 2024-06-09 are about 3 times what was forecast, 11 usual errors off."
    )
    weekdays = replace(rung, kind="weekdays")
    assert "The weekdays since 2024-06-09 differ from the forecast alike" in weekdays.sentence


def told(habits: tuple[Habit, ...]) -> list[nights_record.Alarm]:
    """What the record tells after ten nights with three times the views."""
    log = logs()[:170]
    log[160:] += np.log(3)
    history = History(START, log)
    lines = [line(log, number) for number in range(FIRST, 170)]
    forecast = Forecasting(WEEK, ["rhythm"], 0.9, 60, 26, 60)
    kept = KeptLines(lines, [], pd.Series(history.views, history.days), {}, forecast)
    served = ChannelForecaster.fitted({"rhythm": RHYTHM}, history, WEEK, habits)
    return standing(kept, served)


def line(log: NDArray[np.float64], number: int) -> Kept:
    known = History(START, log[: number + 1])
    views = np.expm1(RHYTHM.fit(known, WEEK).forecast(known))
    return Kept(day(number), COMBINATION, tuple(views), None, None, None, "c", "d", 1, False)


def test_the_record_tells_the_alarm_beside_the_forecast_of_the_new_habit() -> None:
    (alarm,) = told(())
    assert (alarm.since, alarm.confirmed) == (day(160), False)
    assert [ahead.day for ahead in alarm.rebased] == [day(number) for number in range(170, 177)]
    usual = 3000 * np.exp(WEEKDAYS[np.arange(170, 177) % WEEK])
    assert [ahead.views for ahead in alarm.rebased] == pytest.approx(usual, rel=0.3)


def test_a_confirmed_habit_is_told_as_such() -> None:
    (alarm,) = told((Habit(day(161), "a video every day."),))
    assert (alarm.confirmed, alarm.rebased) == (True, [])
    assert alarm.sentence == "A new habit since 2024-06-10: a video every day."
    later = (Habit(day(171), "not yet"), Habit(day(100), "long ago"))
    assert [each.confirmed for each in told(later)] == [False]
