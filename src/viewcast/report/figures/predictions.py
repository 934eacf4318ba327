"""Predictions against the truth on the validation rows: a scatter of rows, or days as a series."""

from collections.abc import Iterator
from itertools import cycle

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain, with_error
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    DEEP,
    INK,
    LINE,
    MUTED,
    NAIVE,
    OTHER,
    VALIDATION,
    Drawing,
    day_axis,
    legend_above,
    sheet,
)

STYLES = ((LINE, "o"), (OTHER, "s"), (DEEP, "^"), (VALIDATION, "D"), (MUTED, "v"))


def draw(results: Results) -> Iterator[Drawing]:
    """One per data set that is no panel: its main models against the truth."""
    for data in results.datasets:
        if results.is_panel(data):
            continue  # thousands of rows of several days: see ``panels``
        main = [run for run in results.main_models(data) if run["status"] == "finished"]
        runs = [run for run in main if run.validated and len(run.of_split("validation"))]
        if runs:
            yield of_runs(results, runs)


def of_runs(results: Results, runs: list[Run]) -> Drawing:
    """The picture of runs of one data set that were validated on the same rows."""
    return _series(results, runs) if results.is_daily(runs[0]["data"]) else _scatter(runs)


def _error(run: Run, side: str) -> float:
    """How far predictions are off in the mean, in the target's own unit.

    The loss itself, or its root if its unit is the square of the target's; for any other loss the
    mean absolute error.
    """
    loss = float(run[f"{side}_loss"])
    if run["unit"] == run["target_unit"]:
        return loss
    if str(run["unit"]).endswith("²"):
        return float(np.sqrt(loss))
    rows = run.of_split("train" if side == "train" else "validation")
    return float((rows["prediction"] - rows["target"]).abs().mean())


def _off(run: Run) -> str:
    """How far its predictions are off on validation rows, with the standard error if it is known.

    That of a root is its first order: the error of the loss over twice the root.
    """
    off, error = _error(run, "val"), run["val_error"]
    if run["unit"] == run["target_unit"]:
        return with_error(off, error)
    if str(run["unit"]).endswith("²") and error and off:
        return with_error(off, error / (2 * off))
    return plain(off, 2)


def _scatter(runs: list[Run]) -> Drawing:
    first = runs[0]
    title = (
        f"The {first.name} model is off by {plain(_error(first, 'train'), 2)} "
        f"{first['target_unit']} where it learnt and by {_off(first)} where it did "
        "not"
    )
    figure, (axes,) = sheet(first["label"], title, 4.2)
    shown = [run.predictions[run.predictions["split"] != "test"] for run in runs]
    edge = 1.06 * max(table[["target", "prediction"]].max().max() for table in shown)
    axes.plot([0, edge], [0, edge], color=MUTED, lw=1)
    axes.annotate(
        "exactly right", (edge * 0.9, edge * 0.9), (-4, 4), textcoords="offset points",
        ha="right", size=8.5, color=MUTED,
    )  # fmt: skip
    for run, (colour, mark) in zip(runs, cycle(STYLES), strict=False):
        learnt, unseen = run.of_split("train"), run.of_split("validation")
        axes.plot(learnt["target"], learnt["prediction"], mark, mfc="none", mec=colour, ms=5)
        label = f"{run.name}: off by {_off(run)}"
        axes.plot(unseen["target"], unseen["prediction"], mark, color=colour, ms=6.5, label=label)
    axes.set(xlim=(0, edge), ylim=(0, edge), aspect="equal")
    unit = first["target_unit"]
    axes.set(xlabel=f"truth ({unit})", ylabel=f"prediction ({unit})")
    legend_above(axes, 2)
    root = str(first["unit"]).endswith("²")
    mean = "the root of the mean squared error" if root else "the mean absolute error"
    caption = (
        "Hollow marks: rows that the model was trained on. Filled marks: validation rows; “off by” "
        f"is {mean} on them. Below the line the truth is larger than the prediction."
    )
    alt = f"{title}. Scatter of predictions against the truth."
    ids = [run["key"] for run in runs]
    return Drawing(f"{first['data']}_predictions", figure, title, caption, alt, ids)


def _series(results: Results, runs: list[Run]) -> Drawing:
    naive = results.baseline(runs[0])
    shown = _first_and_best(runs)
    unit = runs[0]["target_unit"]
    truth = runs[-1].of_split("validation")["target"]
    compared = [run for run in (naive, *shown) if run is not None]
    errors = ", ".join(f"{run.name} by {_off(run)}" for run in compared)
    title = f"Over {len(truth)} unseen days the forecasts are off in the mean: {errors} {unit}"
    figure, (axes,) = sheet(runs[0]["label"], title, 3.1)
    axes.plot(pd.to_datetime(truth.index), truth, color=INK, lw=2.2, label="truth")
    if naive is not None:
        rows = naive.of_split("validation")["prediction"]
        axes.plot(
            pd.to_datetime(rows.index), rows, color=NAIVE, lw=1.2, ls=(0, (3, 2)), label="naive"
        )
    for run, colour in zip(shown, (LINE, DEEP), strict=False):
        rows = run.of_split("validation")["prediction"]
        axes.plot(pd.to_datetime(rows.index), rows, color=colour, label=run.name)
    day_axis(axes)
    axes.set(ylabel=f"{unit} a day", xlabel="day of the validation rows", ylim=(0, None))
    legend_above(axes, 4)
    caption = (
        "Each forecast is for the next day and knows all days before it. The naive forecast is "
        "yesterday's value, so it follows every change one day late."
    )
    if len(shown) < len(runs):
        caption += f" Shown: “{shown[0].name}”, and the best by validation of the other models."
    alt = f"{title}. The truth and the forecasts day by day."
    ids = [run["key"] for run in compared]
    return Drawing(f"{runs[0]['data']}_predictions", figure, title, caption, alt, ids)


def _first_and_best(runs: list[Run]) -> list[Run]:
    """The simplest model and the best of the others; more lines hide each other."""
    first, others = runs[0], runs[1:]
    return [first, *sorted(others, key=lambda run: float(run["val_loss"]))[:1]]
