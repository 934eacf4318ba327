"""Days are the channel's days, wherever and whenever the job runs."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nights import Diary
from viewcast.data.sources.timezone import day_at
from viewcast.retraining.merge import settled

PACIFIC = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2021-03-01T07:59", PACIFIC, "2021-02-28"),
        ("2021-03-01T08:00", PACIFIC, "2021-03-01"),
        ("2021-07-01T06:59", PACIFIC, "2021-06-30"),  # an hour earlier in summer
        ("2021-07-01T07:00", PACIFIC, "2021-07-01"),
        ("2021-03-01T15:59", "Asia/Taipei", "2021-03-01"),
        ("2021-03-01T16:00", "Asia/Taipei", "2021-03-02"),
        ("2021-12-31T23:59", "UTC", "2021-12-31"),
    ],
)
def test_the_day_is_that_of_the_channel_and_not_of_the_machine(
    moment: str, zone: str, day: str
) -> None:
    assert day_at(datetime.fromisoformat(moment).replace(tzinfo=UTC), zone) == date.fromisoformat(
        day
    )


@given(st.datetimes(datetime(2019, 1, 1), datetime(2026, 1, 1)), st.sampled_from([PACIFIC, "UTC"]))
def test_the_zone_of_the_moment_does_not_matter(moment: datetime, zone: str) -> None:
    universal = moment.replace(tzinfo=UTC)
    assert day_at(universal.astimezone(ZoneInfo("Asia/Kolkata")), zone) == day_at(universal, zone)


@pytest.mark.parametrize("change", ["2021-03-14", "2021-11-07"])  # 23 and 25 hours long
def test_a_job_at_every_hour_around_a_change_of_the_clock_sees_every_day_once(change: str) -> None:
    start = datetime.fromisoformat(change).replace(tzinfo=UTC) - timedelta(days=2)
    seen = [day_at(start + timedelta(hours=hour), PACIFIC) for hour in range(24 * 5)]
    days = list(dict.fromkeys(seen))
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))
    assert seen == sorted(seen)


@pytest.mark.parametrize("change", ["2021-03-14", "2021-11-07"])
def test_the_night_after_a_change_of_the_clock_brings_one_day(change: str) -> None:
    day = date.fromisoformat(change)
    series = pd.Series(9.0, index=pd.date_range("2021-01-01", "2021-12-31", name="date"))
    source = Diary(series, timezone=PACIFIC)
    newest = []
    for after in range(3):
        # 03:17 by the clock of the channel, whatever that is in UTC on this night.
        moment = datetime(day.year, day.month, day.day, 3, 17, tzinfo=ZoneInfo(PACIFIC))
        today = day_at((moment + timedelta(days=after)).astimezone(UTC), source.timezone)
        newest.append(settled(source.fetch(None, None, today), today, 0).index[-1].date())  # type: ignore[arg-type]
    assert newest == [day + timedelta(days=after - 1) for after in range(3)]
