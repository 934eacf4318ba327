"""The next days of a channel with their intervals, beside the last weeks and what was expected."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    OTHER,
    TRAIN,
    Drawing,
    day_axis,
    legend_above,
    sheet,
)
from viewcast.report.nights_record import Alarm, DayAhead, NightsRecord
from viewcast.report.nights_text import about, headline, percent, short_day, tomorrow

SECTION = "retraining"
RECENT = 28  # days that came, beside the next ones
INTERVAL = "#c9dcea"


def draw(results: Results) -> Iterator[Drawing]:
    """The next days; and each alarm that nobody has confirmed, with both of its forecasts."""
    record = results.nights
    if record is None:
        return
    yield _next_days(record)
    for alarm in record.alarms[-1:]:
        if not alarm.confirmed and alarm.rebased:
            yield _habit(record, alarm)


def habit_finding(record: NightsRecord, alarm: Alarm) -> str:
    """What the two forecasts say of the next day, as a sentence without a full stop."""
    one = tomorrow(record)
    other = next((day for day in alarm.rebased if day.day == one.day), alarm.rebased[-1])
    return (
        f"If a new habit began on {short_day(alarm.since)}, {short_day(other.day)} brings "
        f"{about(other.views)} {record.unit}; if not, {about(one.views)}"
    )


def _next_days(record: NightsRecord) -> Drawing:
    title = headline(record)
    figure, (axes,) = sheet(record.label, title, 2.4)
    _recent(axes, record)
    _ahead(axes, record, record.days, TRAIN, "expected now")
    _frame(axes, record)
    legend_above(axes, 2)
    caption = "Grey: what was expected of the day, from the days before it. " if record.past else ""
    if any(one.low is not None for one in record.days):
        caption += (
            f"The bands are made to hold {percent(record.level)} of days, each taken alone; "
            "their width follows from the errors of earlier forecasts."
        )
    else:
        caption += "There is no band yet: too few errors of earlier forecasts are known."
    alt = f"{title}. Views a day of the last weeks and of the next {len(record.days)} days."
    return Drawing("retraining_next_days", figure, title, caption.strip(), alt, [])


def _habit(record: NightsRecord, alarm: Alarm) -> Drawing:
    title = habit_finding(record, alarm)
    figure, (axes,) = sheet(record.label, title, 2.2)
    _recent(axes, record)
    _ahead(axes, record, record.days, TRAIN, "as it serves")
    _ahead(axes, record, alarm.rebased, OTHER, "with the new habit", "--")
    axes.axvline(_noon(alarm.since), color=OTHER, lw=0.9, ls=(0, (3, 2)))
    _frame(axes, record)
    legend_above(axes, 2)
    caption = (
        "Yellow: the forecast if the days before the yellow line are moved to the new level and "
        "weekdays. It serves only after a person has confirmed the change."
    )
    alt = f"{title}. Views a day of the last weeks and two forecasts of the next days."
    return Drawing("retraining_habit", figure, title, caption, alt, [])


def _recent(axes: Axes, record: NightsRecord) -> None:
    past = record.past[-RECENT:]
    if not past:
        return
    days = pd.DatetimeIndex([one.day for one in past])
    before = [one.forecast for one in past]
    axes.plot(days, before, color="#9aa4ae", lw=1.1, label="expected before")
    views = [one.views for one in past]
    axes.plot(days, views, color=INK, lw=1.2, marker="o", ms=2.6, label="counted")


def _ahead(
    axes: Axes,
    record: NightsRecord,
    ahead: list[DayAhead],
    colour: str,
    label: str,
    style: str = "-",
) -> None:
    """Days ahead, joined to the newest that is known."""
    days = [_noon(one.day) for one in ahead]
    views = [one.views for one in ahead]
    known = all(one.low is not None and one.high is not None for one in ahead)
    if known and style == "-":
        low, high = ([getattr(one, side) for one in ahead] for side in ("low", "high"))
        span: Any = days
        name = f"{percent(record.level)} interval"
        axes.fill_between(span, low, high, color=INTERVAL, lw=0, label=name)
    joined = _joined(record)
    x: Any = [*joined[0], *days]
    axes.plot(x, [*joined[1], *views], color=colour, lw=1.5, ls=style)
    axes.plot(np.array(days), views, "o", color=colour, ms=3.8, label=label)


def _joined(record: NightsRecord) -> tuple[list[Any], list[float]]:
    newest = record.past[-1:]
    return [_noon(one.day) for one in newest], [one.views for one in newest]


def _frame(axes: Axes, record: NightsRecord) -> None:
    first = record.past[-RECENT:][0].day if record.past else record.days[0].day
    room: Any = pd.Timedelta(hours=18)
    axes.set_xlim(_noon(first) - room, _noon(record.days[-1].day) + room)
    axes.set(xlabel="day", ylabel=f"{record.unit} a day")
    axes.set_ylim(0, None)
    day_axis(axes)


def _noon(day: Any) -> Any:
    return pd.Timestamp(day)
