"""The best of k runs: the loss it shows, and that of the same pick on rows that did not pick it.

The picture of the project: where the two part, the validation set has stopped helping.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.audits import Audit
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    BAND,
    INK,
    MUTED,
    NAIVE,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    loss_label,
    sheet,
)
from viewcast.selection.saturation import saturation

NIL = 0.01  # of the loss: a smaller fall is none
TALL = 3.0  # how far losses may spread before the axis is logarithmic


def draw(results: Results) -> Iterator[Drawing]:
    """One per holdout with a curve."""
    for audit in results.audits:
        if drawable(audit):
            yield _curve(audit)


def drawable(audit: Audit) -> bool:
    """Whether there is a curve and a winner."""
    return len(audit["best_of"]) > 2 and audit["winner"] is not None


def _table(audit: Audit) -> pd.DataFrame:
    """k, shown, honest, honest_low, honest_high; missing where there are no losses by row."""
    return pd.DataFrame(audit["best_of"]).astype("float64").astype({"k": "int64"})


def _parted(curve: pd.DataFrame) -> int | None:
    if curve["honest"].isna().any():
        return None
    return saturation(*(curve[column].tolist() for column in ("k", "shown", "honest")))


def finding(audit: Audit) -> str:
    """What the curve says, in one sentence with its numbers."""
    curve = _table(audit)
    last, k = curve.iloc[-1], _parted(curve)
    count = plain(last["k"])
    if curve["honest"].isna().all():
        return (
            f"The shown loss of the best falls from {plain(curve['shown'].iloc[0])} to "
            f"{plain(last['shown'])} with {count} runs; without losses by row nobody can say how "
            "much of that is luck"
        )
    if k is None:
        gap = last["honest"] - last["shown"]
        fell = curve["honest"].iloc[0] - last["honest"]
        helped = "lowered" if fell > 0 else "did not lower"
        return (
            f"{count} runs {helped} the honest loss: {plain(curve['honest'].iloc[0])} to "
            f"{plain(last['honest'])}; the shown one promises {plain(gap, 2)} too much"
        )
    at = curve[curve["k"] == k].iloc[0]
    since = f"After about {plain(_about(k))} of {count} runs" if k > 1 else f"In {count} runs"
    hardly = at["honest"] - last["honest"] > NIL * abs(last["honest"])
    return (
        f"{since}, more runs improved the shown loss ({plain(at['shown'])} to "
        f"{plain(last['shown'])}) but {'hardly' if hardly else 'not' if k > 1 else 'never'} the "
        f"honest one ({plain(at['honest'])} to {plain(last['honest'])})"
    )


def _about(k: int) -> float:
    return k if k < 10 else round(k, -1) if k < 100 else round(k, -2)


def _curve(audit: Audit) -> Drawing:
    curve = _table(audit)
    title = finding(audit)
    figure, (axes,) = sheet(audit["label"], title, 3.5)
    band = curve.dropna(subset=["honest_low", "honest_high"])
    axes.fill_between(band["k"], band["honest_low"], band["honest_high"], color=BAND, lw=0)
    axes.plot(curve["k"], curve["shown"], color=VALIDATION, lw=2.2, label="shown")
    if curve["honest"].notna().any():
        label = "honest" if band.empty else "honest, and 90 % of its draws"
        axes.plot(curve["k"], curve["honest"], color=INK, lw=2.2, label=label)
    low, high = _limits(audit, curve)
    _scale(axes, low, high)
    log_ticks(axes.xaxis, 1, float(curve["k"].max()) * 1.25, 8)
    _reference(axes, audit, low, high)
    _truth(axes, audit, float(curve["k"].max()))
    _parting(axes, _parted(curve))
    _luck(axes, curve)
    axes.set_xlabel("runs that were compared (logarithmic)")
    axes.set_ylabel(loss_label(audit))
    legend_above(axes, 3)
    truth = audit["winner"]["truth"]
    caption = (
        "For every number of runs: the lowest validation loss among as many of these runs, drawn "
        f"at random (shown), and the loss of the same pick on {audit.rows_word} that took no part "
        "in picking it (honest). The distance between the two is the luck of being picked."
    )
    if truth is not None:
        caption += (
            f" The diamond is the true loss of the winner, {plain(truth['mean'])}, known here "
            "because the data are simulated."
        )
    alt = f"{title}. Shown and honest loss of the best of k runs against k."
    return Drawing(f"{audit.slug}_best_of", figure, title, caption, alt, audit.run_ids)


def _limits(audit: Audit, curve: pd.DataFrame) -> tuple[float, float]:
    """Both curves and the truth whole, and of the band what does not flatten them."""
    lines = [*curve["shown"], *curve["honest"].dropna()]
    if audit["winner"]["truth"] is not None:
        lines.append(audit["winner"]["truth"]["mean"])
    low, high = min(lines), max(lines)
    room = (high - low) or abs(high) or 1.0
    low, high = low - 0.08 * room, high + 0.08 * room
    ends = [*curve["honest_low"].dropna(), *curve["honest_high"].dropna()]
    if ends:
        low = max(min(low, *ends), low - 0.6 * room)
        high = min(max(high, *ends), high + 0.6 * room)
    if audit.naive is not None and high < audit.naive <= high + 0.25 * (high - low):
        high = audit.naive + 0.06 * (high - low)
    return low, high


def _scale(axes: Axes, low: float, high: float) -> None:
    if low > 0 and high / low > TALL:
        log_ticks(axes.yaxis, low, high)
    else:
        axes.set_ylim(low, high)


def _reference(axes: Axes, audit: Audit, low: float, high: float) -> None:
    if audit.naive is None:
        return
    name = f"{audit.name(str(audit['gain']['reference']))} {plain(audit.naive)}"
    style: dict[str, Any] = {"size": 8.5, "color": MUTED}
    if audit.naive <= high:
        axes.axhline(audit.naive, color=NAIVE, lw=1.2, ls=(0, (3, 2)))
        axes.annotate(
            name, (0.99, audit.naive), (0, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="bottom", **style,
        )  # fmt: skip
    else:
        axes.annotate(
            f"↑ {name}", (0.99, 0.985), xycoords="axes fraction", ha="right", va="top", **style
        )


def _truth(axes: Axes, audit: Audit, count: float) -> None:
    truth = audit["winner"]["truth"]
    if truth is not None:
        axes.errorbar(
            count, truth["mean"], truth["error"] or 0, fmt="D", mfc="white", mec=INK, ecolor=INK,
            ms=6.5, mew=1.4, elinewidth=1, zorder=5, label="true",
        )  # fmt: skip


def _luck(axes: Axes, curve: pd.DataFrame) -> None:
    """What the shown loss promises too much in the end."""
    last = curve.iloc[-1]
    if last["honest"] > last["shown"]:
        ends = [last["shown"], last["honest"]]
        axes.plot([last["k"]] * 2, ends, "-", color=INK, lw=1)
        low, high = axes.get_ylim()
        narrow = ends[1] - ends[0] < 0.12 * (high - low)  # no room for words between the curves
        axes.annotate(
            f"{plain(ends[1] - ends[0], 2)} is luck",
            (last["k"], ends[0] if narrow else sum(ends) / 2), (-5, -9 if narrow else 0),
            textcoords="offset points", ha="right", va="center", size=8.5,
        )  # fmt: skip


def _parting(axes: Axes, k: int | None) -> None:
    if k is not None and k > 1:
        axes.axvline(k, color=INK, lw=0.9, ls=(0, (4, 3)))
        axes.annotate(
            f"they part: about {plain(_about(k))} runs", (k, 0.02), (4, 0),
            xycoords=("data", "axes fraction"), textcoords="offset points", va="bottom", size=8.5,
        )  # fmt: skip
