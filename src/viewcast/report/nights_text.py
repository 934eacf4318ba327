"""What the report says of the nights, in words: the next days, what came true, the recipes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from shlex import quote

from viewcast.base.numbers import with_error
from viewcast.base.paths import LIVE
from viewcast.report.nights_record import (
    Alarm,
    Coverage,
    DayAhead,
    NightsRecord,
    PastDay,
    RecipeErrors,
)

WEEK = 7  # fewer days say little: weekdays differ
PATH, TOTAL = "path", "total"
WHOLE = 10
NOTHING = 1e-9  # errors below it are of rounding


@dataclass(frozen=True)
class CameTrue:
    """How the forecasts of the evening before did over ``days`` days, in views a day.

    ``naive``: the mean error of the same weekday a week before, on the same days; None where it is
    known of too few. ``inside``: the share of days inside their interval; None without intervals.
    ``backtest``: how many of the days are of a backtest.
    """

    days: int
    loss: float
    naive: float | None
    inside: float | None
    backtest: int


def about(value: float) -> str:
    """A number of views with at most three digits, whole from ten on: a forecast knows no more."""
    value = float(f"{value:.3g}") if abs(value) >= WHOLE else float(f"{value:.2g}")
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:.3g} {word}".replace("-", "−")
    return (f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:g}").replace("-", "−")


def percent(share: float) -> str:
    """A share in percent, without decimals."""
    return f"{100 * share:.0f} %"


def long_day(day: date) -> str:
    """A day with its weekday and year."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def short_day(day: date) -> str:
    """A day with its weekday, without its year."""
    return f"{day:%a} {day.day} {day:%b}"


def between(low: float | None, high: float | None) -> str:
    """The ends of an interval; empty where there is none."""
    return "" if low is None or high is None else f"{about(low)} to {about(high)}"


def tomorrow(record: NightsRecord) -> DayAhead:
    """The first day that is not over on the night; days before it are not counted yet.

    Where the known days end long before the night, it is the first day after them.
    """
    return next((one for one in record.days if one.day >= record.night), record.days[0])


def ended(record: NightsRecord) -> str:
    """That the known days end long before the night, as a sentence; empty where they do not."""
    if record.days[-1].day >= record.night:
        return ""
    late = (record.night - record.newest).days
    return (
        f"The known days end on {record.newest}, {late:,} days before the night. The forecast is "
        "of the days after that one; newer days bring it up to date."
    )


def headline(record: NightsRecord) -> str:
    """The next day and the whole horizon, as a sentence without a full stop."""
    one, total, unit = tomorrow(record), record.total, record.unit
    said = f"{long_day(one.day)}: {about(one.views)} {unit} expected"
    ends = between(one.low, one.high)
    said += f", {ends} in {percent(record.level)} of cases" if ends else ""
    days = (total.last - total.first).days + 1
    if days > 1:
        ends = between(total.low, total.high)
        said += f"; all {days} days to {short_day(total.last)}: {about(total.views)}"
        said += f" ({ends})" if ends else ""
    return said


def came_true(past: Sequence[PastDay]) -> CameTrue | None:
    """The figures of the past days that both can be compared on, if they are a week; else of all.

    None without a day.
    """
    if not past:
        return None
    compared = [one for one in past if one.naive is not None]
    past = compared if len(compared) >= WEEK else past
    count = len(past)
    naive = [abs(one.views - one.naive) for one in past if one.naive is not None]
    held = [
        one.low <= one.views <= one.high
        for one in past
        if one.low is not None and one.high is not None
    ]
    return CameTrue(
        count,
        math.fsum(abs(one.views - one.forecast) for one in past) / count,
        math.fsum(naive) / count if len(naive) == count else None,
        sum(held) / len(held) if held else None,
        sum(one.backtest for one in past),
    )


def yesterday(record: NightsRecord) -> str:
    """The newest day that came, against its forecast, as a sentence; empty before the first."""
    if not record.past:
        return ""
    one, unit = record.past[-1], record.unit
    said = f"{long_day(one.day)}, the newest day: {about(one.views)} {unit} came, "
    said += f"{about(one.forecast)} {'would have' if one.backtest else 'had'} been expected"
    if one.low is None or one.high is None:
        return f"{said}."
    where = "inside" if one.low <= one.views <= one.high else "outside"
    return f"{said} ({between(one.low, one.high)}): {where} the interval."


def finding(found: CameTrue, unit: str) -> str:
    """How far the forecasts were off, beside the naive one, as a sentence without a full stop."""
    said = f"In {found.days} days the forecast was off by {about(found.loss)} {unit} a day"
    if found.naive is not None:
        said += f"; the same weekday of the week before by {about(found.naive)}"
    return said


def origin(found: CameTrue) -> str:
    """Which of the forecasts were made afterwards, as a sentence; empty where none was."""
    if not found.backtest:
        return ""
    which = "All of these" if found.backtest == found.days else f"{found.backtest} of these"
    return f"{which} forecasts were made afterwards, each from earlier days only (a backtest)."


def coverage(one: Coverage) -> str:
    """A share with its standard error, in percent."""
    error = None if one.error is None else 100 * one.error
    return f"{with_error(100 * one.covered, error)} %"


def coverage_of(of: str, horizon: int) -> str:
    """What a coverage is of, in words."""
    if of == PATH:
        return f"all {horizon} days at once"
    if of == TOTAL:
        return f"the sum of {horizon} days"
    return "the next day" if of == "1" else f"day {of}"


def measured(record: NightsRecord) -> str:
    """What the intervals held, as a sentence; empty where nothing is known."""
    known = {one.of: one for one in record.coverage}
    horizon = len(record.days)
    parts = [
        f"{coverage(known[of])} of {known[of].count} cases for {coverage_of(of, horizon)}"
        for of in ("1", str(horizon), TOTAL)
        if of in known
    ]
    if not parts:
        return ""
    said = f"Intervals are made to hold {percent(record.level)}. They held "
    said += ", ".join(dict.fromkeys(parts))
    if PATH in known:
        said += f"; {coverage_of(PATH, horizon)} lay inside in {coverage(known[PATH])}"
    return f"{said}."


def confirmation(record: NightsRecord, alarm: Alarm) -> str:
    """What a person types to confirm a change of habit."""
    channel = "" if record.channel == LIVE else f"channel={quote(record.channel)} "
    return f"viewcast habit {channel}since={alarm.since} why='…'"


def name(recipe: str) -> str:
    """The name of a recipe in sentences."""
    return recipe.replace("_", " ")


def serving(record: NightsRecord) -> str:
    """The name of the recipe that serves; empty before the first reign."""
    return record.reigns[-1].recipe if record.reigns else ""


def error_of(one: RecipeErrors) -> str:
    """The error of a recipe with its standard error; the seasonal naive forecast's is 1 by rule."""
    error = one.mase_error
    return with_error(one.mase, error if error is not None and error > NOTHING else None)


def errors_finding(record: NightsRecord) -> str:
    """How the recipe that serves did, as a sentence without a full stop."""
    serves = next((one for one in record.recipes if one.name == serving(record)), None)
    best = min(record.recipes, key=lambda one: one.mase)
    if serves is None:
        return f"The lowest error has {name(best.name)}, {error_of(best)}"
    said = f"The forecast that serves ({name(serves.name)}) has an error of "
    said += f"{error_of(serves)}; repeating the last week has 1"
    if best.name != serves.name:
        said += f"; {name(best.name)} has {error_of(best)}"
    return said
