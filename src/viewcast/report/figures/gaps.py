"""All runs of a data set: training and validation loss with the gap drawn between them."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    INK,
    MUTED,
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    loss_label,
    row_labels,
    sheet,
)

HINT: dict[str, Any] = {"color": MUTED, "size": 8, "va": "center"}


def draw(results: Results) -> Iterator[Drawing]:
    """One dumbbell chart per data set, its runs grouped by split."""
    for data in results.datasets:
        runs = sorted(results.of(data), key=_order)
        if results.is_panel(data):  # each task has a measure of its own
            by_task = groupby(runs, lambda run: run["split"])
            parts = {f"{data}_{split}": list(group) for split, group in by_task}
        else:
            parts = {data: runs}
        for name, part in parts.items():
            if any(run["train_loss"] for run in part):
                yield _dumbbells(part, name)


def _order(run: Run) -> tuple[str, float]:
    return run["split"], np.inf if run["val_loss"] is None else run["val_loss"]


def _dumbbells(runs: list[Run], name: str) -> Drawing:
    # A run with loss 0 has seen the validation rows: its gap says nothing.
    compared = [run for run in runs if run["val_loss"] and run["train_loss"] is not None]
    ratios = [run["val_loss"] / run["train_loss"] for run in compared if run["train_loss"]]
    worse = sum(run["val_loss"] > run["train_loss"] for run in compared)
    title = f"{worse} of {len(compared)} runs lose more on rows they have not seen" + (
        f": {plain(float(np.median(ratios)), 2)} times as much in the median" if ratios else ""
    )
    splits = [(split, list(group)) for split, group in groupby(runs, lambda run: run["split"])]
    figure, (axes,) = sheet(
        runs[0]["label"], title, 1.0 + 0.235 * (len(runs) + len(splits) * (len(splits) > 1))
    )
    low, high = _limits(runs)
    y, ticks, headings = 0.0, [], []
    for split, group in splits:
        if len(splits) > 1:
            headings.append(y)
            ticks.append((y, f"split “{split}”"))
            y += 1
        for run in group:
            _row(axes, run, y, low, high)
            ticks.append((y, run.name))
            y += 1
    log_ticks(axes.xaxis, low, high, zero=_any_zero(runs))
    row_labels(axes, ticks, headings)
    axes.set(
        ylim=(y - 0.4, -0.7),
        xlabel=f"{loss_label(runs[0]['loss'], runs[0]['unit'])},\nlogarithmic scale",
    )
    _key(axes, any(run["published_source"] for run in runs))
    caption = "Whiskers: one standard error of the validation loss."
    if _any_zero(runs):
        caption += " A logarithmic scale has no place for a loss of 0: it is drawn at the left end."
    if len(splits) > 1:
        caption += (
            " Runs can be compared within a split only: another split has other validation rows."
        )
    if any(run["published_source"] for run in runs):
        caption += " Hollow rings: the lecturer's published figures, on his own data, never ours."
    alt = f"{title}. One row per run: training loss, validation loss, the gap between them."
    ids = [run["key"] for run in runs]
    return Drawing(f"{name}_gaps", figure, title, caption, alt, ids)


def _limits(runs: list[Run]) -> tuple[float, float]:
    keys = ("train_loss", "val_loss", "published_train", "published_val")
    values = [run[key] for run in runs for key in keys if run[key]]
    tops = [run["val_loss"] + (run["val_error"] or 0) for run in runs if run["val_loss"]]
    low, high = min(values), max(values + tops)
    room = (high / low) ** 0.06
    return low / room ** (3 if _any_zero(runs) else 1), high * room


def _any_zero(runs: list[Run]) -> bool:
    return any(run[key] == 0 for run in runs for key in ("train_loss", "val_loss"))


def _row(axes: Axes, run: Run, y: float, low: float, high: float) -> None:
    train, validation = run["train_loss"], run["val_loss"]
    for key, colour in (("published_train", TRAIN), ("published_val", VALIDATION)):
        if run[key]:
            axes.plot(run[key], y, "o", mfc="none", mec=colour, ms=9, mew=1.1, zorder=2)
    if train is None:
        axes.text(low * (high / low) ** 0.02, y, f"{run['status']}: no loss to show", **HINT)
        return
    x_train = max(train, low)
    if validation is None:
        axes.plot(x_train, y, "o", color=TRAIN, ms=5.5)
        axes.annotate("not validated", (x_train, y), (8, 0), textcoords="offset points", **HINT)
        return
    x_validation = max(validation, low)
    axes.plot([x_train, x_validation], [y, y], color="#b9c1c9", lw=3.2, zorder=1)
    if run["val_error"]:
        ends = [max(validation - run["val_error"], low), validation + run["val_error"]]
        axes.plot(ends, [y, y], "|-", color=VALIDATION, lw=0.9, ms=5, zorder=2)
    at_edge = train == 0
    axes.plot(x_train, y, "o", color=TRAIN, ms=5.5, zorder=3, clip_on=not at_edge)
    if validation == 0:
        axes.plot(x_validation, y, "o", mfc="none", mec=VALIDATION, ms=9, mew=1.5, clip_on=False)
        axes.annotate("both 0", (low, y), (9, 0), textcoords="offset points", **HINT)
        return
    axes.plot(x_validation, y, "o", color=VALIDATION, ms=5.5, zorder=3)


def _key(axes: Axes, published: bool) -> None:
    entries = [("o", TRAIN, TRAIN, "training"), ("o", VALIDATION, VALIDATION, "validation ± error")]
    if published:
        entries.append(("o", "none", INK, "published by the lecturer"))
    for mark, face, edge, label in entries:
        size = 9 if face == "none" else 5.5
        axes.plot([], [], mark, mfc=face, mec=edge, ms=size, label=label)
    legend_above(axes)
