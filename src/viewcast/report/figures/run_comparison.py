"""Who is really best: the shown losses in order, and the runs that cannot be told from the best."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from viewcast.base.numbers import plain
from viewcast.report.audits import FEW, Audit
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    MUTED,
    NAIVE,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    loss_label,
    row_labels,
    sheet,
)

WIDE = 12.0  # how far losses may spread before the axis is logarithmic


def draw(results: Results) -> Iterator[Drawing]:
    """One per holdout whose runs were compared."""
    errors = {run["run_id"]: run["val_error"] for run in results.runs}
    for audit in results.audits:
        if audit["confidence_set"] is not None and len(audit.runs) > 1:
            yield _order(audit, errors)


def finding(audit: Audit) -> str:
    """How many runs cannot be told apart from the best."""
    count, of = audit["confidence_set"]["count"], len(audit.runs)
    if count <= 1:
        best = audit.name(audit["winner"]["name"]) if audit["winner"] else "the best"
        return f"“{best}” can be told from all {plain(of - 1)} other runs: it is the best of them"
    share = "All" if count == of else plain(count)
    runs = f"{share} {plain(of)} runs" if count == of else f"{share} of {plain(of)} runs"
    return f"{runs} cannot be told apart: any of them may be the best"


def _order(audit: Audit, errors: dict[str, Any]) -> Drawing:
    title, runs = finding(audit), audit.runs
    few = len(runs) <= FEW
    figure, (axes,) = sheet(audit["label"], title, 0.85 + 0.21 * len(runs) if few else 3.0)
    if few:
        _named(axes, audit, errors)
    else:
        _ranked(axes, audit)
    legend_above(axes, 2)
    caption = (
        "The coloured runs form the 95 % model confidence set (Hansen, Lunde and Nason 2011): the "
        "best is among them, and these rows cannot say which it is. Differences are judged row by "
        "row, so two runs may be told apart although their whiskers overlap."
    )
    if not few:
        caption += " The shade is one standard error of the winner's loss."
    if audit["confidence_set"]["p_spa"] is not None:
        p = audit["confidence_set"]["p_spa"]
        caption += (
            " That no run is really better than the reference has the p-value "
            f"{f'{p:.2f}' if p >= 0.01 else 'below 0.01'} (Hansen 2005)."
        )
    alt = (
        f"{title}. Runs in order of their shown loss, those confidence_set with the best in colour."
    )
    return Drawing(f"{audit.slug}_ties", figure, title, caption, alt, audit.run_ids)


def _tied(audit: Audit) -> set[str]:
    return {run["run_id"] for run in audit.runs if run["confidence_set"]} | set(
        audit["confidence_set"]["run_ids"]
    )


def _named(axes: Axes, audit: Audit, errors: dict[str, Any]) -> None:
    confidence_set, runs = _tied(audit), audit.runs
    labelled: set[str] = set()
    for y, run in enumerate(runs):
        colour, label = _look(run["run_id"] in confidence_set)
        error = errors.get(run["run_id"]) or 0
        axes.errorbar(
            run["shown"], y, xerr=error, fmt="o", color=colour, ms=5.5, elinewidth=1,
            label=None if label in labelled else label,
        )  # fmt: skip
        labelled.add(label)
    losses = [run["shown"] for run in runs]
    if min(losses) > 0 and max(losses) / min(losses) > WIDE:
        log_ticks(axes.xaxis, min(losses) / 1.5, max(losses) * 1.5)
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    row_labels(axes, [(y, audit.name(run["name"])) for y, run in enumerate(runs)], [])
    axes.set(ylim=(len(runs) - 0.4, -0.6), xlabel=f"{loss_label(audit)}, shown")


def _ranked(axes: Axes, audit: Audit) -> None:
    confidence_set, runs = _tied(audit), audit.runs
    losses = np.array([run["shown"] for run in runs])
    inside = np.array([run["run_id"] in confidence_set for run in runs])
    ranks = np.arange(1, len(runs) + 1)
    error = audit["winner"]["error"] if audit["winner"] else None
    if error:
        axes.axhspan(losses[0] - error, losses[0] + error, color=VALIDATION, alpha=0.12, lw=0)
    for chosen in (True, False):
        part = inside == chosen
        if part.any():
            colour, label = _look(chosen)
            axes.plot(ranks[part], losses[part], "o", color=colour, ms=3.2, mew=0, label=label)
    _cut(axes, losses, losses[0] - (error or 0))
    axes.axhline(losses[0], color=INK, lw=0.6, ls=(0, (1, 2)))
    axes.set(xlabel="runs, best first", ylabel=f"{loss_label(audit)},\nshown")
    axes.margins(x=0.02)


def _cut(axes: Axes, losses: NDArray[np.float64], low: float) -> None:
    """Leave a few runs that are far worse out of the picture, and say so."""
    usual = losses[math.ceil(0.97 * len(losses)) - 1]
    top = usual + 0.25 * (usual - low)
    beyond = int((losses > top).sum())
    if losses[-1] > usual + (usual - low) and beyond:
        axes.set_ylim(low - 0.05 * (usual - low), top)
        runs = "1 run" if beyond == 1 else f"{beyond} runs"
        axes.annotate(
            f"↑ {runs}, up to {plain(losses[-1])}", (0.99, 0.98), xycoords="axes fraction",
            ha="right", va="top", size=8.5, color=MUTED,
        )  # fmt: skip


def _look(confidence_set: bool) -> tuple[str, str]:
    return (VALIDATION, "confidence_set with the best") if confidence_set else (NAIVE, "worse")
