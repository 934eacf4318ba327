"""The forecast: the last days of a channel and the next ones, with the interval of each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.figures.style import (
    INK,
    TRAIN,
    Drawing,
    Picture,
    applied,
    day_axis,
    legend_above,
    sheet,
)

RECENT = 60  # days that are shown before the first that is forecast
INTERVAL = "#c9dcea"


def draw_forecast(
    recent: pd.Series,
    forecast: pd.DataFrame,
    label: str,
    unit: str,
    level: float,
    coverage: Mapping[str, Any] | None,
) -> Drawing:
    """A picture called ``forecast``; draw it within ``style.applied()``.

    ``recent``: views by day (DatetimeIndex), of which the last 60 are shown. ``forecast``: one row
    per day: ``date``, ``views``, ``low``, ``high``; low and high may be missing. Both in ``unit``.
    ``level``: nominal coverage of the intervals. ``coverage``: measured coverage of such intervals
    (level, covered, its standard error or None, days), None if it is not known.
    """
    past = recent.iloc[-RECENT:].asfreq("D")
    days = pd.DatetimeIndex(pd.to_datetime(forecast["date"]))
    views, low, high = (forecast[key].to_numpy(float) for key in ("views", "low", "high"))
    known = bool(np.isfinite(low).all() and np.isfinite(high).all())
    tomorrow = f"{days[0].day_name()}, {days[0].day} {days[0].month_name()} {days[0].year}"
    title = f"{tomorrow}: {plain(views[0])} {unit} expected"
    if known:
        title += f", {plain(low[0])} to {plain(high[0])} in {_percent(level)} of cases"
    figure, (axes,) = sheet(label, title, 2.6)
    axes.plot(past.index, past, color=INK, lw=1.2, marker="o", ms=2.2, label="counted")
    # The last known day belongs to both lines, so that there is no gap between them.
    joined = past.index[-1:].append(days)
    start = [float(past.iloc[-1])]
    if known:
        axes.fill_between(
            joined, [*start, *low], [*start, *high], color=INTERVAL, lw=0,
            label=f"{_percent(level)} interval",
        )  # fmt: skip
    axes.plot(joined, [*start, *views], color=TRAIN, lw=1.6)
    axes.plot(days, views, "o", color=TRAIN, ms=3.6, label="forecast")
    axes.axvline(past.index[-1], color=INK, lw=0.7, ls=(0, (3, 2)))
    room = 0.015 * (days[-1] - past.index[0])
    axes.set_xlim(past.index[0] - room, days[-1] + room)
    axes.set(xlabel="day", ylabel=f"{unit} a day")
    axes.set_ylim(0, None)
    day_axis(axes)
    legend_above(axes)
    alt = f"{title}. Views of the last {len(past)} days and the forecast of the next {len(days)}."
    return Drawing("forecast", figure, title, _caption(level, coverage, known), alt, [])


def write(
    folder: Path,
    recent: pd.Series,
    forecast: pd.DataFrame,
    label: str,
    unit: str,
    level: float,
    coverage: Mapping[str, Any] | None,
) -> Picture:
    """``forecast.png`` in a folder, replaced in one step; arguments as ``draw_forecast``."""
    with applied():
        return draw_forecast(recent, forecast, label, unit, level, coverage).save(folder)


def _caption(level: float, coverage: Mapping[str, Any] | None, known: bool) -> str:
    if not known:
        return "No interval: too few forecasts of the past are known to measure their errors."
    band = (
        f"The band is made to hold {_percent(level)} of days, each day taken alone; its width "
        "follows from the errors of past forecasts."
    )
    if coverage is None:
        return f"{band} The share of days that such bands held is not known yet."
    error = "" if coverage["error"] is None else f" ± {_percent(coverage['error'])}"
    return (
        f"{band} Of {plain(coverage['days'])} later days, such bands held "
        f"{_percent(coverage['covered'])}{error}."
    )


def _percent(share: float) -> str:
    return f"{plain(100 * share, 2)} %"
