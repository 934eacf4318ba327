"""What came true: each day against its forecast of the evening before, and the errors."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    MUTED,
    NAIVE,
    TRAIN,
    VALIDATION,
    Drawing,
    day_axis,
    legend_above,
    sheet,
)
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_table import PICTURE
from viewcast.report.nights_text import WEEK, about, came_true, finding, origin, percent

SECTION = "retraining"
LONG = 90  # days that are shown: on a phone more of them are too narrow
INTERVAL = "#c9dcea"


def draw(results: Results) -> Iterator[Drawing]:
    """One, as soon as a day has come that was forecast."""
    if results.nights is not None and results.nights.past:
        yield _days(results.nights)


def _days(record: NightsRecord) -> Drawing:
    shown = record.past[-LONG:]
    found = came_true(shown)
    assert found is not None, "draw asks for days"
    title = finding(found, record.unit)
    table = pd.DataFrame(
        [(d.day, d.views, d.forecast, d.low, d.high, d.naive) for d in shown],
        columns=["day", "views", "forecast", "low", "high", "naive"],
    )
    table["day"] = pd.to_datetime(table["day"])
    table = (
        table.astype(dict.fromkeys(["low", "high", "naive"], float)).set_index("day").asfreq("D")
    )
    figure, panels = sheet(record.label, title, 3.6, rows=2, height_ratios=[1.7, 1], sharex=True)
    beyond, top = _views(panels[0], table, record)
    _errors(panels[1], table, record.unit)
    legend_above(panels[0], 2)
    parts = [
        "Above: each day with its forecast of the evening before. Below: the error of a day, as "
        f"the mean of the {WEEK} days up to it; “naive” repeats the same weekday of the week "
        "before.",
        origin(found),
    ]
    if found.inside is not None:
        parts.insert(1, f"Inside the interval: {percent(found.inside)} of {found.days} days.")
    if beyond:
        parts.append(f"Triangles: {beyond} beyond the upper edge ({plain(top)}).")
    alt = f"{title}. Views a day, forecast with interval, and mean errors over time."
    return Drawing(PICTURE, figure, title, " ".join(filter(None, parts)), alt, [])


def _views(axes: Axes, table: pd.DataFrame, record: NightsRecord) -> tuple[int, float]:
    """The upper panel; how many days lie beyond its upper edge, and where that is."""
    # One viral day would leave no room for the others.
    usual = float(table["views"].quantile(0.95))
    top = 1.15 * max(1.5 * usual, float(table["forecast"].max())) or 1.0
    top = min(top, 1.08 * float(table[["views", "forecast", "high"]].max().max())) or 1.0
    days: Any = table.index
    if table["low"].notna().any():
        label = f"its {percent(record.level)} interval"
        axes.fill_between(days, table["low"], table["high"], color=INTERVAL, lw=0, label=label)
    label = "expected the evening before"
    axes.plot(days, table["forecast"], color=TRAIN, lw=1.2, label=label)
    outside = (table["views"] < table["low"]) | (table["views"] > table["high"])
    over = table["views"] > top
    for where, colour, label in (
        (~outside & ~over, INK, "counted"),
        (outside & ~over, VALIDATION, "outside"),
    ):
        own = table.loc[where, "views"].dropna()
        if len(own):
            axes.plot(own.index, own, "o", color=colour, ms=2.6, label=label)
    if over.any():
        axes.plot(
            table.index[over], [top] * int(over.sum()), "^", color=VALIDATION, ms=3.5, clip_on=False
        )
    axes.set(ylim=(0, top), ylabel=f"{record.unit} a day")
    day_axis(axes)
    return int(over.sum()), top


def _errors(axes: Axes, table: pd.DataFrame, unit: str) -> None:
    errors = {
        "forecast": ((table["views"] - table["forecast"]).abs(), TRAIN, 1.6),
        "naive": ((table["views"] - table["naive"]).abs(), NAIVE, 1.2),
    }
    ends = {}
    for name, (error, colour, width) in errors.items():
        mean = error.rolling(WEEK, min_periods=min(WEEK, len(table))).mean()
        if mean.notna().any():
            axes.plot(mean.index, mean, color=colour, lw=width)
            ends[name] = mean.loc[: mean.last_valid_index()].iloc[-1:]
    for name, end in ends.items():
        above = len(ends) > 1 and end.iloc[0] == max(other.iloc[0] for other in ends.values())
        axes.annotate(
            f" {name} {about(float(end.iloc[0]))}", (end.index[0], end.iloc[0]), size=8,
            va="center" if len(ends) == 1 else "bottom" if above else "top",
            color=TRAIN if name == "forecast" else MUTED,
        )  # fmt: skip
    axes.set_ylim(0, None)
    axes.set(ylabel=f"error a day\n({unit})", xlabel="day")
    day_axis(axes)
