"""A calendar of days: a column per week, a square per day, a shade per class of counts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from viewcast.base.numbers import plain
from viewcast.report.figures.style import VALIDATION, WIDTH, legend_above, sheet

SHADES = LinearSegmentedColormap.from_list("looks", ["#f9dccf", VALIDATION, "#6d1f0c"])
PALE, EDGE = "#eceff2", "#9aa4ae"
LEARNT, HIDDEN, SEALED = "train", "hidden", "test"  # use of a day that has no look
KINDS = {LEARNT: "training", HIDDEN: "hidden holdout", SEALED: "test, sealed"}
HATCHES = {SEALED: "////", HIDDEN: "...."}
LONG = 32  # weeks: a longer record is drawn as one strip per year
SHORT = 22  # weeks of the shortest strip, so that its days stay small
CLASSES = 5

Kinds = dict[pd.Timestamp, str]  # use of a day


@dataclass(frozen=True)
class Strip:
    """Some weeks in a row; ``year`` where strips are years, else None."""

    monday: pd.Timestamp
    weeks: int
    year: int | None

    @property
    def days(self) -> pd.DatetimeIndex:
        """The days that belong to it."""
        days = pd.date_range(self.monday, periods=7 * self.weeks)
        return days if self.year is None else days[days.year == self.year]


@dataclass(frozen=True)
class Shade:
    """A class of counts and its colour."""

    low: int
    high: int
    colour: str


def calendar(label: str, title: str, counts: "pd.Series[int]", kinds: Kinds) -> Figure:
    """A sheet with the ``counts`` of days (by day) and what other days are used for."""
    strips, shades = _strips(pd.DatetimeIndex(counts.index)), _shades(counts)
    side = (WIDTH - 0.75) / max(strip.weeks for strip in strips)
    height = len(strips) * (7 * side + 0.4) + 0.1
    figure, panels = sheet(label, title, height, rows=len(strips))
    shown = {
        kinds.get(day, "") for strip in strips for day in strip.days if day not in counts.index
    }
    for axes, strip in zip(panels, strips, strict=True):
        _squares(axes, strip, dict(zip(counts.index, counts, strict=True)), kinds, shades)
        _frame(axes, strip)
    _key(panels[0], shades, shown)
    return figure


def _strips(days: pd.DatetimeIndex) -> list[Strip]:
    first, last = _monday(days.min()), _monday(days.max())
    weeks = (last - first).days // 7 + 1
    if weeks <= LONG:
        pad = max(2, (SHORT - weeks) // 2)
        return [Strip(first - pd.Timedelta(weeks=pad), weeks + 2 * pad, None)]
    years = sorted(set(days.year))
    return [Strip(_monday(pd.Timestamp(year, 1, 1)), 53, year) for year in years]


def _monday(day: pd.Timestamp) -> pd.Timestamp:
    return day - pd.Timedelta(days=day.day_of_week)


def _shades(counts: "pd.Series[int]") -> list[Shade]:
    """Up to five classes of counts, lowest first."""
    values = np.unique(counts.to_numpy(np.int64))
    if len(values) > CLASSES:
        edges = np.geomspace(max(values[0], 1), values[-1] + 1, CLASSES + 1).round()
        edges = np.unique(edges.astype(np.int64))
        ends = list(zip(edges[:-1].tolist(), (edges[1:] - 1).tolist(), strict=True))
    else:
        ends = [(int(value), int(value)) for value in values]
    places = np.linspace(0.15, 1, len(ends)) if len(ends) > 1 else np.array([0.5])
    return [
        Shade(low, high, to_hex(SHADES(place)))
        for (low, high), place in zip(ends, places.tolist(), strict=True)
    ]


def _squares(
    axes: Axes, strip: Strip, counts: dict[pd.Timestamp, int], kinds: Kinds, shades: list[Shade]
) -> None:
    alike: dict[tuple[tuple[str, str], ...], list[Rectangle]] = {}
    for day in strip.days:
        count, kind = counts.get(day), kinds.get(day, "")
        if count is not None:
            face = {"fc": next((s.colour for s in shades if s.low <= count <= s.high), PALE)}
        elif kind in KINDS:
            face = _face(kind)
        else:
            continue
        at = ((day - strip.monday).days // 7 + 0.06, day.day_of_week + 0.06)
        alike.setdefault(tuple(face.items()), []).append(Rectangle(at, 0.88, 0.88))
    for face_of, squares in alike.items():  # hundreds of patches one by one take seconds
        axes.add_collection(PatchCollection(squares, lw=0, **dict[str, Any](face_of)))


def _face(kind: str) -> dict[str, str]:
    return {"fc": "white", "hatch": HATCHES[kind], "ec": EDGE} if kind in HATCHES else {"fc": PALE}


def _frame(axes: Axes, strip: Strip) -> None:
    """Months under the week of their first day, and every other weekday."""
    firsts = [day for day in strip.days if day.day == 1]
    labels = [
        f"{day:%b}" if strip.year or (i and day.month > 1) else f"{day:%b %Y}"
        for i, day in enumerate(firsts)
    ]
    places = [(day - strip.monday).days // 7 for day in firsts]
    axes.set_xticks(places, labels, ha="left")
    axes.set_yticks([0.5, 2.5, 4.5], ["Mon", "Wed", "Fri"])
    axes.tick_params(length=0, pad=2)
    axes.set(xlim=(0, strip.weeks), ylim=(7, 0), aspect="equal", ylabel=str(strip.year or ""))
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def _key(axes: Axes, shades: list[Shade], kinds: set[str]) -> None:
    for shade in shades:
        count = plain(shade.low) if shade.low == shade.high else f"{shade.low:,}–{shade.high:,}"
        label = f"{count} look{'s' if count != '1' else ''}"
        axes.add_patch(Rectangle((0, 0), 0, 0, lw=0, fc=shade.colour, label=label))
    for kind, label in KINDS.items():
        if kind in kinds:
            axes.add_patch(
                Rectangle((0, 0), 0, 0, lw=0, label=label, **dict[str, Any](_face(kind)))
            )
    entries = len(axes.get_legend_handles_labels()[1])
    legend_above(axes, 4 if entries == 4 else 3)
