"""The evidence against the champion, week by week, against the threshold of a promotion."""

from collections.abc import Iterator
from datetime import timedelta

import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    DEEP,
    INK,
    LINE,
    NAIVE,
    OTHER,
    TRAIN,
    VALIDATION,
    Drawing,
    day_axis,
    legend_above,
    log_ticks,
    sheet,
)
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_text import WEEK, name

SECTION = "retraining"
COLOURS = (LINE, OTHER, DEEP, VALIDATION, "#7fa9c9", NAIVE)
NAMED = 4  # challengers with a colour and a name: those with the most evidence


def draw(results: Results) -> Iterator[Drawing]:
    """One, as soon as a week was judged."""
    if results.nights is not None and results.nights.evidence:
        yield _weeks(results.nights)


def finding(record: NightsRecord) -> str:
    """How far the strongest evidence has come, as a sentence without a full stop."""
    newest = record.evidence[-1]
    if not newest.e:
        return f"{_judged(record)}, and no other recipe is compared"
    best = max(newest.e, key=lambda recipe: newest.e[recipe])
    return (
        f"After {_judged(record)} the evidence that another recipe is better is "
        f"{plain(newest.mean)}; {plain(record.threshold)} are needed. "
        f"The most has {name(best)}, {plain(newest.e[best])}"
    )


def _judged(record: NightsRecord) -> str:
    count = len(record.evidence)
    return f"{count} judged week{'' if count == 1 else 's'}"


def _weeks(record: NightsRecord) -> Drawing:
    title = finding(record)
    newest = record.evidence[-1].e
    order = sorted(newest, key=lambda recipe: -newest[recipe])
    # Before the first judged week there is no evidence, which is 1.
    before = record.evidence[0].last - timedelta(days=WEEK)
    days = pd.DatetimeIndex([before, *(week.last for week in record.evidence)])
    none = dict.fromkeys(record.evidence[0].e, 1.0)
    table = pd.DataFrame([none, *(week.e for week in record.evidence)], days)
    mean = pd.Series([1.0, *(week.mean for week in record.evidence)], days)
    figure, (axes,) = sheet(record.label, title, 2.3)
    for place, recipe in enumerate(order):
        named = place < NAMED
        axes.plot(
            table.index, table[recipe], lw=1.1, color=COLOURS[place] if named else "#d3d8dd",
            label=name(recipe) if named else None, zorder=2 if named else 1, marker="o", ms=1.8,
        )  # fmt: skip
    axes.plot(mean.index, mean, color=TRAIN, lw=2.2, label="mean", zorder=3, marker="o", ms=2.5)
    axes.axhline(record.threshold, color=INK, lw=1.0, ls=(0, (3, 2)), label="needed")
    day_axis(axes)
    every = [*table.to_numpy().ravel().tolist(), *mean, record.threshold, 1.0]
    positive = [value for value in every if value > 0]
    log_ticks(axes.yaxis, max(min(positive), 1e-3) / 1.5, max(positive) * 1.6)
    axes.set(xlabel="last day of the judged week", ylabel="evidence (1: none either way)")
    legend_above(axes, 3)
    caption = (
        f"Another recipe takes over when the mean reaches {plain(record.threshold)} (dashed). "
        "However long one waits and looks, a recipe that is no better reaches it with a "
        f"probability of at most {plain(100 / record.threshold, 2)} %."
    )
    alt = f"{title}. Evidence of each recipe by week, on a logarithmic axis."
    return Drawing("retraining_evidence", figure, title, caption, alt, [])
