"""The best of k runs: the loss it shows, and the loss of the same choice on other rows.

Where the two part, more runs do not help any more.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from viewcast.assessment.choice import Truth
from viewcast.assessment.choice_sentences import about, more_runs, parted
from viewcast.assessment.wording import capitalised, noise_digits
from viewcast.base.numbers import plain
from viewcast.report.audits import Audit
from viewcast.report.figures.style import (
    BAND,
    INK,
    MUTED,
    NAIVE,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    sheet,
)

if TYPE_CHECKING:  # the results of a project: an audit alone does not need them
    from viewcast.report.figures.run_results import Results

TALL = 3.0  # how far losses may spread before the axis is logarithmic


def draw(results: "Results") -> Iterator[Drawing]:
    """One per holdout with a curve."""
    for audit in results.audits:
        yield from of_audit(audit)


def of_audit(audit: Audit) -> Iterator[Drawing]:
    """The curve of one holdout, where it has one."""
    if len(audit.result.best_of) > 2 and audit.result.winner is not None:
        yield _curve(audit)


def _table(audit: Audit) -> pd.DataFrame:
    """k, shown, honest, honest_low, honest_high; missing where there are no losses by row."""
    points = [asdict(point) for point in audit.result.best_of]
    return pd.DataFrame(points).astype("float64").astype({"k": "int64"})


def _curve(audit: Audit) -> Drawing:
    curve, result = _table(audit), audit.result
    title = capitalised(more_runs(result, result.unit))
    figure, (axes,) = sheet(audit.label, title, 3.5)
    band = curve.dropna(subset=["honest_low", "honest_high"])
    axes.fill_between(band["k"], band["honest_low"], band["honest_high"], color=BAND, lw=0)
    axes.plot(curve["k"], curve["shown"], color=VALIDATION, lw=2.2, label="shown")
    if curve["honest"].notna().any():
        label = "honest" if band.empty else "honest, with its 95 % band"
        axes.plot(curve["k"], curve["honest"], color=INK, lw=2.2, label=label)
    low, high = _limits(audit, curve)
    _scale(axes, low, high)
    log_ticks(axes.xaxis, 1, float(curve["k"].max()) * 1.25, 8)
    _reference(axes, audit, low, high)
    _truth(axes, audit, float(curve["k"].max()))
    _parting(axes, parted(result))
    _luck(axes, curve, result.sign)
    axes.set_xlabel("runs that were compared (logarithmic)")
    axes.set_ylabel(audit.axis_label)
    legend_above(axes, 3)
    truth = _truth_of(audit)
    word, best = result.figure_word, "highest" if result.more_is_better else "lowest"
    caption = (
        f"For every number of runs: the {best} validation {word} among that many of these runs, "
        f"drawn at random (shown), and the {word} of the same choice on {result.rows_word} that "
        "were not used to choose it (honest). The distance between the two is the luck of being "
        "picked."
    )
    if truth is not None:
        caption += (
            f" The diamond is the winner's true {word}, {noise_digits(truth.mean, result)}; it is "
            "known because the data are simulated."
        )
    alt = f"{title}. Shown and honest {word} of the best of k runs against k."
    return Drawing(f"{audit.slug}_best_of", figure, title, caption, alt, audit.run_ids)


def _limits(audit: Audit, curve: pd.DataFrame) -> tuple[float, float]:
    """Both curves and the truth whole, and of the band what does not flatten them."""
    lines = [*curve["shown"], *curve["honest"].dropna()]
    truth, reference = _truth_of(audit), audit.result.reference_loss
    if truth is not None:
        lines.append(truth.mean)
    low, high = min(lines), max(lines)
    room = (high - low) or abs(high) or 1.0
    low, high = low - 0.08 * room, high + 0.08 * room
    ends = [*curve["honest_low"].dropna(), *curve["honest_high"].dropna()]
    if ends:
        low = max(min(low, *ends), low - 0.6 * room)
        high = min(max(high, *ends), high + 0.6 * room)
    if reference is not None and high < reference <= high + 0.25 * (high - low):
        high = reference + 0.06 * (high - low)
    if reference is not None and low > reference >= low - 0.25 * (high - low):
        low = reference - 0.06 * (high - low)
    return low, high


def _scale(axes: Axes, low: float, high: float) -> None:
    if low > 0 and high / low > TALL:
        log_ticks(axes.yaxis, low, high)
    else:
        axes.set_ylim(low, high)


def _reference(axes: Axes, audit: Audit, low: float, high: float) -> None:
    loss, gain = audit.result.reference_loss, audit.result.gain
    if loss is None or gain is None:
        return
    name = f"{audit.name(gain.reference)} {plain(loss)}"
    style: dict[str, Any] = {"size": 8.5, "color": MUTED}
    if low <= loss <= high:
        axes.axhline(loss, color=NAIVE, lw=1.2, ls=(0, (3, 2)))
        axes.annotate(
            name, (0.99, loss), (0, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="bottom", **style,
        )  # fmt: skip
    else:
        sign, y, end = ("↑", 0.985, "top") if loss > high else ("↓", 0.015, "bottom")
        axes.annotate(
            f"{sign} {name}", (0.99, y), xycoords="axes fraction", ha="right", va=end, **style
        )


def _truth_of(audit: Audit) -> Truth | None:
    winner = audit.result.winner
    return None if winner is None else winner.truth


def _truth(axes: Axes, audit: Audit, count: float) -> None:
    truth = _truth_of(audit)
    if truth is not None:
        axes.errorbar(
            count, truth.mean, truth.error or 0, fmt="D", mfc="white", mec=INK, ecolor=INK,
            ms=6.5, mew=1.4, elinewidth=1, zorder=5, label="true",
        )  # fmt: skip


def _luck(axes: Axes, curve: pd.DataFrame, sign: int) -> None:
    """The difference of the honest and the shown figure of the best of all runs."""
    last = curve.iloc[-1]
    luck = sign * (last["honest"] - last["shown"])
    if luck > 0:
        ends = [last["shown"], last["honest"]]
        axes.plot([last["k"]] * 2, ends, "-", color=INK, lw=1)
        low, high = axes.get_ylim()
        narrow = luck < 0.12 * (high - low)  # no room for words between the curves
        axes.annotate(
            f"{plain(luck, 2)} is luck",
            (last["k"], ends[0] if narrow else sum(ends) / 2), (-5, -9 * sign if narrow else 0),
            textcoords="offset points", ha="right", va="center", size=8.5,
        )  # fmt: skip


def _parting(axes: Axes, k: int | None) -> None:
    if k is not None and k > 1:
        axes.axvline(k, color=INK, lw=0.9, ls=(0, (4, 3)))
        axes.annotate(
            f"they part: about {plain(about(k))} runs", (k, 0.02), (4, 0),
            xycoords=("data", "axes fraction"), textcoords="offset points", va="bottom", size=8.5,
        )  # fmt: skip
