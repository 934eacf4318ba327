"""Missing days of a daily series: single ones are bridged by a stated rule, longer gaps refused.

The rule: a bridged day has the geometric mean of the days beside it, of one more than their counts:
log(1 + views) is the mean of both logs. On nine real series, with each day left out in turn, its
mean error is 0.04 to 0.10 in log views (0.44 on a channel of 30 views a day). The same weekday of
the week before and after is off by a third more or worse.

Shape letters: D days.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError

MAX_SHARE = 0.05  # of the days that may be bridged; more of them are no slips of a counter
SHOWN = 5


@dataclass(frozen=True)
class Bridged:
    """Values (D,) of consecutive days, of frequency ``D``; ``days``: those that were bridged."""

    series: pd.Series
    days: pd.DatetimeIndex


def bridge(series: pd.Series, source: object, whole: bool = True) -> Bridged:
    """The series without gaps.

    ``series``: values of at least 0 by day, in order, each day once; NaN counts as missing.
    ``source`` names it in messages. ``whole``: whether its values are counts, so that a bridged one
    is rounded.

    Refuses (DataError) two or more missing days in a row, with all of them, and more than 1 day in
    20 that is missing.
    """
    known = series.dropna()
    absent = missing(pd.DatetimeIndex(known.index))
    if len(absent) == 0:
        return Bridged(known.asfreq("D"), absent)
    refuse_long(absent, source)
    days = len(known) + len(absent)
    if len(absent) > max(1, MAX_SHARE * days):
        raise DataError(
            f"{source}: {len(absent)} of {days} days are missing ({spans(absent)}), expected at "
            f"most {MAX_SHARE:.0%} of them; bring an export that holds them"
        )
    day = pd.Timedelta(days=1)
    log = np.log1p(known.to_numpy(np.float64))
    places = known.index.get_indexer(absent - day)
    values = np.expm1((log[places] + log[places + 1]) / 2)
    filled = pd.Series(np.round(values) if whole else values, index=absent, name=series.name)
    joined = pd.concat([known, filled]).sort_index().rename_axis(series.index.name)
    return Bridged(joined.asfreq("D"), absent)


def missing(days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The days between the first and the last of D days that are not among them."""
    if len(days) == 0:
        return days
    return pd.date_range(days.min(), days.max(), unit="us").difference(days)


def refuse_long(absent: pd.DatetimeIndex, source: object) -> None:
    """Refuse (DataError) missing days that lie beside each other."""
    neighbours = np.diff(absent) == pd.Timedelta(days=1)
    if neighbours.any():
        raise DataError(
            f"{source}: {len(absent)} days are missing ({spans(absent)}); a single missing day is "
            "bridged, more in a row are not; bring an export that holds them"
        )


def spans(days: pd.DatetimeIndex) -> str:
    """Days as text: ``2021-01-04 and 2021-02-03 to 2021-02-05``; the first five spans only."""
    starts = np.flatnonzero(np.r_[True, np.diff(days) != pd.Timedelta(days=1)])
    ends = [*(starts[1:] - 1).tolist(), len(days) - 1]
    named = [
        f"{days[a]:%Y-%m-%d}" + (f" to {days[b]:%Y-%m-%d}" if b > a else "")
        for a, b in zip(starts.tolist(), ends, strict=True)
    ]
    if len(named) > SHOWN:
        return f"{', '.join(named[:SHOWN])} and {len(named) - SHOWN} more"
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def bridged_note(days: list[str] | pd.DatetimeIndex) -> str:
    """What is told of bridged days: at least one."""
    index = pd.DatetimeIndex(days)
    one = len(index) == 1
    return (
        f"{'1 missing day was' if one else f'{len(index)} missing days were'} bridged by the "
        f"geometric mean of the days beside {'it' if one else 'each'}: {spans(index)}"
    )
