"""Predictions against the truth: lectures as a scatter, days as a series, one lecture as a list."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import MEMORIES, Results, Run
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
    row_labels,
    sheet,
)

MODELS = {"linear": (LINE, "o"), "augmented": (OTHER, "s"), "deep": (DEEP, "^")}
STEPS = ("descent", "brute")  # ways of finding the one line that is shown already


def draw(results: Results) -> Iterator[Drawing]:
    """Per data set: the main models against the truth; the one test lecture, where there is one."""
    for data in results.datasets:
        runs = results.found(*(f"{data}/{model}" for model in MODELS))
        runs = [run for run in runs if run.validated and len(run.of_split("validation"))]
        if runs:
            yield _series(results, runs) if results.is_daily(data) else _scatter(runs)
        if not results.is_daily(data):
            yield from _one_lecture(results, data)


def _typical(run: Run, side: str) -> str:
    """How far predictions are off in the target's own unit (root mean square for MSE)."""
    loss = run[f"{side}_loss"]
    return plain(np.sqrt(loss) if run["loss"] == "mse" else loss, 2)


def _scatter(runs: list[Run]) -> Drawing:
    first = runs[0]
    title = (
        f"The {first.name} model is off by {_typical(first, 'train')} {first['target_unit']} where "
        f"it learnt and by {_typical(first, 'val')} where it did not"
    )
    figure, (axes,) = sheet(first["label"], title, 4.2)
    shown = [run.predictions[run.predictions["split"] != "test"] for run in runs]
    edge = 1.06 * max(table[["target", "prediction"]].max().max() for table in shown)
    axes.plot([0, edge], [0, edge], color=MUTED, lw=1)
    axes.annotate(
        "exactly right", (edge * 0.9, edge * 0.9), (-4, 4), textcoords="offset points",
        ha="right", size=8.5, color=MUTED,
    )  # fmt: skip
    for run in runs:
        colour, mark = MODELS[run["model"]]
        learnt, unseen = run.of_split("train"), run.of_split("validation")
        axes.plot(learnt["target"], learnt["prediction"], mark, mfc="none", mec=colour, ms=5)
        label = f"{run.name}: off by {_typical(run, 'val')}"
        axes.plot(unseen["target"], unseen["prediction"], mark, color=colour, ms=6.5, label=label)
    axes.set(xlim=(0, edge), ylim=(0, edge), aspect="equal")
    unit = first["target_unit"]
    axes.set(xlabel=f"truth ({unit})", ylabel=f"prediction ({unit})")
    legend_above(axes)
    caption = (
        "Hollow: lectures the model was trained on; filled: lectures it had not seen (“off by” is "
        "theirs, the root of the mean squared error). Below the line a lecture took longer than "
        "predicted."
    )
    alt = f"{title}. Scatter of predictions against the truth."
    ids = [run["run_id"] for run in runs]
    return Drawing(f"{first['data']}_predictions", figure, title, caption, alt, ids)


def _one_lecture(results: Results, data: str) -> Iterator[Drawing]:
    runs = [run for run in results.of(data) if run["test"] and run["model"] not in MEMORIES]
    runs = [run for run in runs if not run.name.startswith(STEPS)]
    if not runs:
        return
    key = next(iter(runs[0]["test"]))
    runs = [run for run in runs if key in run["test"]]
    opened = _openings(results, data)
    truth = _opened_truth(opened, key)
    guesses = [run["test"][key] for run in runs]
    title = _test_title(key, runs, truth)
    splits = sorted({run["split"] for run in runs})
    figure, (axes,) = sheet(runs[0]["label"], title, 0.7 + 0.215 * (len(runs) + len(splits)))
    edge = min(max(guesses), 2.2 * (float(np.median(guesses)) if truth is None else truth))
    y, ticks, headings = 0.0, [], []
    for split in splits:
        headings.append(y)
        ticks.append((y, f"split “{split}”"))
        y += 1
        of_split = [run for run in runs if run["split"] == split]
        for run in sorted(of_split, key=lambda run: float(run["test"][key])):
            _guess(axes, y, run["test"][key], truth, edge)
            ticks.append((y, run.name))
            y += 1
    if truth is not None:
        axes.axvline(truth, color=INK, lw=1.4)
    row_labels(axes, ticks, headings)
    unit = runs[0]["target_unit"]
    axes.set(xlim=(0, edge * 1.12), ylim=(y - 0.4, -0.7), xlabel=f"prediction ({unit})")
    caption = "No model was trained or chosen on this lecture. " + (
        "Its length is sealed; python pipelines/open_test.py run=… scores one run on it, once."
        + "".join(f" Opened for “{one['name']}”: {_lost(one, runs[0])}." for one in opened)
        if truth is None
        else f"The upright line is the length the lecturer stated, {plain(truth)} {unit}; the test "
        "was opened to see it. One lecture is one draw: being nearest says little by itself."
    )
    alt = f"{title}. One row per model with its prediction."
    ids = [run["run_id"] for run in runs]
    yield Drawing(f"{data}_test", figure, title, caption, alt, ids)


def _openings(results: Results, data: str) -> list[dict[str, Any]]:
    return [one for audit in results.audits if audit["data"] == data for one in audit["opened"]]


def _opened_truth(opened: list[dict[str, Any]], key: str) -> float | None:
    """The target of the test row, where an opening of the test has told it."""
    told = [one["targets"][key] for one in opened if key in (one.get("targets") or {})]
    return float(told[0]) if told else None


def _lost(opening: dict[str, Any], run: Run) -> str:
    return f"loss {plain(opening['loss'])} {run['unit']}"


def _test_title(key: str, runs: list[Run], truth: float | None) -> str:
    guesses, unit = [run["test"][key] for run in runs], runs[0]["target_unit"]
    ends = dict.fromkeys((plain(min(guesses)), plain(max(guesses))))
    said = f"the models say {' to '.join(ends)}"
    if truth is None:
        return f"The length of lecture {key} is sealed: {said} {unit}"
    nearest = min(runs, key=lambda run: abs(run["test"][key] - truth))
    return (
        f"Lecture {key} took {plain(truth)} {unit}: {said}, the nearest “{nearest.name}” with "
        f"{plain(nearest['test'][key])}"
    )


def _guess(axes: Axes, y: float, guess: float, truth: float | None, edge: float) -> None:
    """One prediction, confidence_set to the truth where that is known; far ones end in an arrow."""
    shown, far = min(guess, edge), guess > edge
    if truth is not None:
        axes.plot([truth, shown], [y, y], color=VALIDATION, lw=1.2)
    axes.plot(shown, y, ">" if far else "o", color=VALIDATION, ms=6)
    excluded = -8 if far or (truth is not None and guess < truth) else 8
    axes.annotate(
        plain(guess), (shown, y), (excluded, 0), textcoords="offset points", size=8,
        ha="right" if excluded < 0 else "left", va="center", bbox=_PAPER,
    )  # fmt: skip


_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}


def _series(results: Results, runs: list[Run]) -> Drawing:
    naive = results.baseline(runs[0])
    shown = [run for run in runs if run["model"] != "augmented"]
    unit = runs[0]["target_unit"]
    truth = runs[-1].of_split("validation")["target"]
    told = [f"{run.name} by {_typical(run, 'val')}" for run in (naive, *shown) if run is not None]
    title = (
        f"Over {len(truth)} unseen days the forecasts are off in the mean: {', '.join(told)} {unit}"
    )
    figure, (axes,) = sheet(runs[0]["label"], title, 3.1)
    axes.plot(pd.to_datetime(truth.index), truth, color=INK, lw=2.2, label="truth")
    if naive is not None:
        rows = naive.of_split("validation")["prediction"]
        axes.plot(
            pd.to_datetime(rows.index), rows, color=NAIVE, lw=1.2, ls=(0, (3, 2)), label="naive"
        )
    for run in shown:
        rows = run.of_split("validation")["prediction"]
        axes.plot(pd.to_datetime(rows.index), rows, color=MODELS[run["model"]][0], label=run.name)
    day_axis(axes)
    axes.set(ylabel=f"{unit} a day", xlabel="day of the validation rows", ylim=(0, None))
    legend_above(axes, 4)
    caption = (
        "Each forecast is for the next day and knows all days before it. The naive forecast says "
        "“as yesterday” and so comes one day late at every turn."
    )
    alt = f"{title}. The truth and the forecasts day by day."
    ids = [run["run_id"] for run in (naive, *shown) if run is not None]
    return Drawing(f"{runs[0]['data']}_predictions", figure, title, caption, alt, ids)
