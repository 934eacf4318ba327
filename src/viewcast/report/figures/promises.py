"""The losses that champions promised, and the realised losses."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from viewcast.base.numbers import plain
from viewcast.report.champion_record import WEEK, Champion, ChampionHistory
from viewcast.report.champion_table import PICTURE, broke, days, promise, word
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    LINE,
    MUTED,
    NAIVE,
    OTHER,
    VALIDATION,
    Drawing,
    day_axis,
    legend_above,
    loss_label,
    row_labels,
    sheet,
)

SECTION = "retraining"
NEWEST = 8  # champions that have a row
LONG = 400  # days of the upper panel
OWN = {"kept": LINE, "broken": VALIDATION, "unclear": OTHER, "too early": MUTED}
PROMISED = "#c6dbea"  # a band that letters, dots and lines stay readable on
LANES = 0.06  # share of the width that the name of a champion takes


def draw(results: Results) -> Iterator[Drawing]:
    """One, as soon as there is a realised day to compare with a promise."""
    if results.history is not None and len(results.history.days):
        yield _promises(results.history)


def finding(history: ChampionHistory) -> str:
    """Which champions kept their promise, as a sentence without a full stop."""
    judged = [champion for champion in history.champions if champion.promise_status != "too early"]
    unit = history.loss_unit
    if len(judged) < 2:
        return promise([*judged, *history.champions[-1:]][0], unit)
    kept = [champion for champion in judged if champion.promise_status == "kept"]
    broken = [champion for champion in judged if champion.promise_status == "broken"]
    if len(kept) == len(judged):
        every = "Both" if len(kept) == 2 else f"All {len(kept)}"
        return f"{every} champions kept their promises: they lost no more than promised"
    said = f"{len(kept)} of {len(judged)} champions kept their promises"
    if len(broken) == 1:
        return f"{said}; {broke(broken[0], unit)}"
    if broken:
        return f"{said}; {len(broken)} clearly lost more than promised"
    others = "others" if len(judged) - len(kept) > 1 else "other"
    return (
        f"{said}; the {others} are unclear"
        if others == "others"
        else f"{said}; the other is unclear"
    )


def _promises(history: ChampionHistory) -> Drawing:
    title = finding(history)
    shown = history.champions[::-1][:NEWEST]
    low = 0.55 + 0.3 * len(shown)
    figure, panels = sheet(
        history.label, title, 2.7 + low, rows=2, height_ratios=[2.7, low]
    )  # fmt: skip
    beyond, top = _daily(panels[0], history)
    _rows(panels[1], history, shown)
    legend_above(panels[0], 2)
    level = f"{plain(100 * history.level)} %"
    caption = (
        f"Above, each day's loss and its mean over {WEEK} days; the blue bands are what each "
        "champion promised: its mean loss on fresh days before it took over, with its "
        f"{level} interval. Below, the same promise as a bar, and the realised loss with its "
        f"{level} interval. A champion kept its promise if its realised mean loss is not above the "
        "promised interval, and broke it if the whole realised interval lies above; in between it "
        f"is unclear. Fewer than {WEEK} days are too early."
    )
    if beyond:
        caption += f" Triangles: {days(beyond)} beyond the upper edge ({plain(top)})."
    if len(history.champions) > NEWEST:
        caption += f" Rows: the newest {NEWEST} of {len(history.champions)} champions."
    alt = (
        f"{title}. Daily loss over time with the promised interval of each champion, and one row "
        "per champion with the promised and the realised loss."
    )
    return Drawing(PICTURE, figure, title, caption, alt, [])


def _daily(axes: Axes, history: ChampionHistory) -> tuple[int, float]:
    """The upper panel; how many days lie beyond its upper edge, and where that is."""
    table = history.days.iloc[-LONG:]
    loss, naive = table["loss"], table["naive_loss"]
    thick = loss.rolling(WEEK).mean().asfreq("D")
    first, end = table.index[0], table.index[-1] + pd.Timedelta(days=1)
    limits = [champion.promised.upper for champion in history.champions]
    # One extraordinary day would leave no room for the others, in the means of its week as well.
    top = max(1.2 * float(loss.quantile(0.95)), 1.1 * max(limits)) or 1.0
    for champion in history.champions:
        since, until = pd.Timestamp(champion.promoted), pd.Timestamp(champion.until or end)
        if until <= first:
            continue
        span: Any = [max(since, first), until]
        label = "promised, with its interval" if champion is history.champions[-1] else None
        axes.fill_between(
            span,
            champion.promised.lower,
            champion.promised.upper,
            color=PROMISED,
            lw=0,
            label=label,
        )
        axes.plot(span, [champion.promised.mean] * 2, color="#7fa9c9", lw=1.0)
        if since >= first:
            axes.axvline(span[0], color=MUTED, lw=0.7, ls=(0, (3, 2)))
        if (until - span[0]) > LANES * (end - first):
            axes.text(
                span[0], 0.985, f" v{champion.version}", transform=axes.get_xaxis_transform(),
                va="top", size=8.5, color=MUTED,
            ).set_in_layout(False)  # fmt: skip
    naive_week = naive.rolling(WEEK).mean().asfreq("D")
    if naive_week.notna().any():
        axes.plot(naive_week.index, naive_week, color=NAIVE, lw=1.1, label="naive, mean of 7 days")
    inside = loss[loss <= top]
    axes.plot(inside.index, inside, "o", color=INK, ms=1.8, alpha=0.45, label="loss of a day")
    if thick.notna().any():
        axes.plot(thick.index, thick, color=INK, lw=2.0, label="mean of 7 days")
    over = loss.index[loss > top]
    if len(over):  # an empty line that is not clipped would upset the layout
        axes.plot(over, [top] * len(over), "^", color=INK, ms=3.5, alpha=0.6, clip_on=False)
    axes.set(ylim=(0, top), ylabel=f"loss of a day ({history.loss_unit})")
    axes.set_xlim(first - 0.02 * (end - first), end)
    axes.set_xlabel("day")
    day_axis(axes)
    return len(over), top


def _rows(axes: Axes, history: ChampionHistory, champions: list[Champion]) -> None:
    """One row per champion, the newest above: the promise as a bar, the realised loss as a dot."""
    for y, champion in enumerate(champions):
        promised, came, colour = champion.promised, champion.realised, OWN[champion.promise_status]
        axes.barh(y, promised.upper - promised.lower, 0.56, promised.lower, color=PROMISED)
        axes.plot([promised.mean] * 2, [y - 0.28, y + 0.28], color="#7fa9c9", lw=1.2)
        if came is not None:
            axes.plot([came.lower, came.upper], [y, y], "|-", color=colour, lw=1.4, ms=6)
            axes.plot(came.mean, y, "o", color=colour, ms=5.5, zorder=3)
        axes.text(
            1, y, word(champion), transform=axes.get_yaxis_transform(), ha="right",
            va="center", size=8, color=colour,
        ).set_in_layout(False)  # fmt: skip
    every = [one for r in champions for one in (r.promised, r.realised) if one is not None]
    low, high = min(one.lower for one in every), max(one.upper for one in every)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    room = (high - low) or abs(high) or 1.0
    axes.set(
        xlim=(low - 0.06 * room, high + 0.42 * room), ylim=(len(champions) - 0.4, -0.6),
        xlabel=loss_label(history.loss, history.loss_unit),
    )  # fmt: skip
    model = [f"v{champion.version} {champion.model.replace('_', ' ')}" for champion in champions]
    row_labels(axes, list(enumerate(model)), [])
