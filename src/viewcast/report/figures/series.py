"""The days of a channel: the whole series, and its end with the splits shaded."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import INK, MUTED, TRAIN, VALIDATION, Drawing, day_axis, sheet

CLOSE = 150  # days of the lower panel
WEEKLY = 0.1  # what the best weekday must have over the worst to be worth a word
SHADES = {"validation": "#f8e3da", "test": "#e7e9ec"}


def draw(results: Results) -> Iterator[Drawing]:
    """One overview per daily data set."""
    for data in results.daily:
        table = results.table(data)
        split = results.of(data)[0]["split"]
        if table is not None and f"split_{split}" in table:
            days = table.assign(split=table[f"split_{split}"]).sort_values("time")
            yield _overview(results, data, days[days["split"] != "test"], split)


def _overview(results: Results, data: str, days: pd.DataFrame, split: str) -> Drawing:
    """``days``: those that are open; those of the test are known by their dates alone."""
    open_ = days.set_index("time")
    sealed = results.sealed_days(data, split).to_series(name="time")
    unit = results.of(data)[0]["target_unit"]
    weekly = open_["target"].groupby(open_.index.day_name()).mean()  # type: ignore[attr-defined]
    low, high = str(weekly.idxmin()), str(weekly.idxmax())
    drop = 1 - weekly[low] / weekly[high] if weekly[high] else 0.0
    follows = "Views follow the week" if drop >= WEEKLY else "Views hardly depend on the weekday"
    title = (
        f"{follows}: {low}s bring {100 * drop:.0f} % less than {high}s "
        f"({plain(weekly[low])} against {plain(weekly[high])} {unit})"
    )
    figure, panels = sheet(results.label(data), title, 4.0, rows=2)
    whole, close = panels
    known = open_["target"].asfreq("D")  # no line across days that are sealed or unknown
    whole.plot(known.index, known, color=INK, lw=0.45)
    close.plot(known.index, known, color=TRAIN, lw=1.3, marker="o", ms=2.2)
    every = pd.concat([days["time"], sealed]).sort_values(ignore_index=True)
    first, end = every.iloc[max(0, len(every) - CLOSE)], every.iloc[-1]
    close.set_xlim(first, end)
    whole.set_xlim(every.iloc[0], end)
    in_view = open_.loc[open_.index >= first, "target"]
    top = in_view.max() * 1.2 if len(in_view) else None
    close.set_ylim(0, top)
    for axes in panels:
        for name, shade in SHADES.items():
            part: Any = sealed if name == "test" else days.loc[days["split"] == name, "time"]
            if len(part):
                axes.axvspan(part.min(), part.max(), color=shade, lw=0, zorder=0)
                if axes is close:
                    _say(axes, part, name)
        day_axis(axes)
    whole.set_ylim(0, None)
    whole.set_title(f"all {plain(len(every))} days", size=9, loc="left", color=MUTED)
    close.set_title(f"the last {min(CLOSE, len(every))} days", size=9, loc="left", color=MUTED)
    close.set_xlabel("day")
    figure.supylabel(f"{unit} a day", size=9)
    counts = days["split"].value_counts()
    caption = (
        f"{plain(counts.get('train', 0))} days to learn from, {plain(counts.get('validation', 0))} "
        "to validate"
    )
    caption += (
        f", {plain(len(sealed))} sealed for the test: their views are not drawn, so that no choice "
        "can depend on them."
        if len(sealed)
        else "; days of the test, if there are any, are not shown."
    )
    alt = f"{title}. Daily views over time with validation and test days shaded."
    ids = [run["key"] for run in results.of(data) if run["experiment"] == "main"]
    return Drawing(f"{data}_series", figure, title, caption, alt, ids)


def _say(axes: Axes, part: pd.Series, name: str) -> None:
    words = {"validation": ("validation", VALIDATION), "test": ("test,\nsealed", INK)}
    text, colour = words[name]
    middle = part.iloc[len(part) // 2]
    axes.text(
        middle, 0.97, text, transform=axes.get_xaxis_transform(), ha="center", va="top",
        size=8.5, color=colour,
    )  # fmt: skip
