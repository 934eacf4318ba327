"""The shown losses in order, and the runs that cannot be told apart from the best."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from viewcast.assessment.choice_sentences import best_runs, superiority
from viewcast.assessment.wording import capitalised, sentence
from viewcast.base.numbers import plain
from viewcast.report.audits import FEW, Audit
from viewcast.report.figures.style import (
    INK,
    MUTED,
    NAIVE,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    row_labels,
    sheet,
)

if TYPE_CHECKING:  # the results of a project: an audit alone does not need them
    from viewcast.report.figures.run_results import Results

NO_ERRORS: Mapping[str, Any] = {}
WIDE = 12.0  # how far losses may spread before the axis is logarithmic


def draw(results: "Results") -> Iterator[Drawing]:
    """One per holdout whose runs were compared."""
    errors = {run["key"]: run["val_error"] for run in results.runs}
    for audit in results.audits:
        yield from of_audit(audit, errors)


def of_audit(audit: Audit, errors: Mapping[str, Any] = NO_ERRORS) -> Iterator[Drawing]:
    """The picture of one holdout; ``errors``: standard errors of runs by their id."""
    if audit.result.confidence_set is not None and len(audit.runs) > 1:
        yield _order(audit, errors)


def _order(audit: Audit, errors: Mapping[str, Any]) -> Drawing:
    result, runs = audit.result, audit.runs
    title = capitalised(best_runs(result))
    few = len(runs) <= FEW
    figure, (axes,) = sheet(audit.label, title, 0.85 + 0.21 * len(runs) if few else 3.0)
    if few:
        _named(axes, audit, errors)
    else:
        _ranked(axes, audit)
    legend_above(axes, 2)
    caption = (
        "The coloured runs form the 95 % model confidence set (Hansen, Lunde and Nason 2011): the "
        "best is among them, and these rows cannot tell which it is. Differences are compared row "
        "by row"
    )
    whiskers = [bool(errors.get(run.run_id)) for run, _ in runs] if few else []
    if any(whiskers):
        caption += (
            ", so two runs may be told apart although their whiskers, one standard error, overlap"
        )
        if not all(whiskers):
            caption += "; of a run without one no error is known here"
    caption += "."
    if not few:
        caption += f" The shade is one standard error of the winner's {result.figure_word}."
    if superiority(result):
        caption += f" {sentence(f'{superiority(result)} by the test of Hansen (2005)')}"
    alt = (
        f"{title}. Runs in order of their shown {result.figure_word}, those of the confidence set "
        "in colour."
    )
    return Drawing(f"{audit.slug}_confidence_set", figure, title, caption, alt, audit.run_ids)


def _named(axes: Axes, audit: Audit, errors: Mapping[str, Any]) -> None:
    labelled: set[str] = set()
    for y, (run, shown) in enumerate(audit.runs):
        colour, label = _look(bool(run.in_confidence_set))
        error = errors.get(run.run_id) or 0
        axes.errorbar(
            shown, y, xerr=error, fmt="o", color=colour, ms=5.5, elinewidth=1,
            label=None if label in labelled else label,
        )  # fmt: skip
        labelled.add(label)
    losses = [shown for _, shown in audit.runs]
    if min(losses) > 0 and max(losses) / min(losses) > WIDE:
        log_ticks(axes.xaxis, min(losses) / 1.5, max(losses) * 1.5)
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    row_labels(axes, [(y, audit.name(run.name)) for y, (run, _) in enumerate(audit.runs)], [])
    axes.set(ylim=(len(losses) - 0.4, -0.6), xlabel=f"{audit.axis_label}, shown")


def _ranked(axes: Axes, audit: Audit) -> None:
    losses = np.array([shown for _, shown in audit.runs])
    inside = np.array([bool(run.in_confidence_set) for run, _ in audit.runs])
    ranks = np.arange(1, len(losses) + 1)
    error = audit.result.winner.error if audit.result.winner else None
    if error:
        axes.axhspan(losses[0] - error, losses[0] + error, color=VALIDATION, alpha=0.12, lw=0)
    for chosen in (True, False):
        part = inside == chosen
        if part.any():
            colour, label = _look(chosen)
            axes.plot(ranks[part], losses[part], "o", color=colour, ms=3.2, mew=0, label=label)
    _cut(axes, losses, error or 0, audit.result.sign)
    axes.axhline(losses[0], color=INK, lw=0.6, ls=(0, (1, 2)))
    axes.set(xlabel="runs, best first", ylabel=f"{audit.axis_label},\nshown")
    axes.margins(x=0.02)


def _cut(axes: Axes, figures: NDArray[np.float64], error: float, sign: int) -> None:
    """Leave a few runs that are far worse out of the picture, with a note of how many.

    ``sign``: −1 where more is better; the losses below are then the negatives of the figures.
    """
    losses = sign * figures
    low = losses[0] - error
    usual = losses[math.ceil(0.97 * len(losses)) - 1]
    top = usual + 0.25 * (usual - low)
    beyond = int((losses > top).sum())
    if losses[-1] > usual + (usual - low) and beyond:
        axes.set_ylim(*sorted((sign * (low - 0.05 * (usual - low)), sign * top)))
        runs = "1 run" if beyond == 1 else f"{beyond} runs"
        arrow, to, y, end = ("↑", "up", 0.98, "top") if sign > 0 else ("↓", "down", 0.02, "bottom")
        axes.annotate(
            f"{arrow} {runs}, {to} to {plain(figures[-1])}", (0.99, y), xycoords="axes fraction",
            ha="right", va=end, size=8.5, color=MUTED,
        )  # fmt: skip


def _look(in_confidence_set: bool) -> tuple[str, str]:
    if in_confidence_set:
        return VALIDATION, "cannot be told apart from the best"
    return NAIVE, "worse"
