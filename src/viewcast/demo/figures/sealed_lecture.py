"""What every model predicts for the one lecture of the test, whose length is sealed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import INK, VALIDATION, Drawing, row_labels, sheet

SAME_LINE = ("descent", "grid_search")  # other ways to find the one line that is shown already
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}


def draw(results: Results) -> Iterator[Drawing]:
    """One per data set whose test is a single row, of those that are no series of days."""
    for data in results.datasets:
        if not results.is_daily(data):
            yield from _one_row(results, data)


def _one_row(results: Results, data: str) -> Iterator[Drawing]:
    runs = [run for run in results.of(data) if run["test"] and not run.memorises]
    same = tuple(f"{data}_{name}" for name in SAME_LINE)
    runs = [run for run in runs if not run["experiment"].startswith(same)]
    if not runs:
        return
    key = next(iter(runs[0]["test"]))
    runs = [run for run in runs if key in run["test"]]
    opened = _openings(results, data)
    truth = _opened_truth(opened, key)
    guesses = [run["test"][key] for run in runs]
    title = _title(key, runs, truth)
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
        + "".join(
            f" Opened for “{opening['name']}”: loss {plain(opening['loss'])} {runs[0]['unit']}."
            for opening in opened
        )
        if truth is None
        else f"The upright line is the length that the lecturer stated, {plain(truth)} {unit}; the "
        "test was opened to see it. One lecture is one draw: the nearest prediction alone says "
        "little about a model."
    )
    alt = f"{title}. One row per model with its prediction."
    ids = [run["run_id"] for run in runs]
    yield Drawing(f"{data}_test", figure, title, caption, alt, ids)


def _openings(results: Results, data: str) -> list[Any]:
    audits = [audit for audit in results.audits if audit["data"] == data]
    return [opening for audit in audits for opening in audit["opened"]]


def _opened_truth(opened: list[Any], key: str) -> float | None:
    """The target of the test row, if an opening of the test has recorded it."""
    targets = [o["targets"][key] for o in opened if key in (o.get("targets") or {})]
    return float(targets[0]) if targets else None


def _title(key: str, runs: list[Run], truth: float | None) -> str:
    guesses, unit = [run["test"][key] for run in runs], runs[0]["target_unit"]
    ends = " to ".join(dict.fromkeys((plain(min(guesses)), plain(max(guesses)))))
    if truth is None:
        return f"The length of lecture {key} is sealed: the models predict {ends} {unit}"
    nearest = min(runs, key=lambda run: abs(run["test"][key] - truth))
    return (
        f"Lecture {key} took {plain(truth)} {unit}: the models predict {ends}, the nearest is "
        f"“{nearest.name}” with {plain(nearest['test'][key])}"
    )


def _guess(axes: Axes, y: float, guess: float, truth: float | None, edge: float) -> None:
    """One prediction, with a line to the truth where that is known; far ones end in an arrow."""
    shown, far = min(guess, edge), guess > edge
    if truth is not None:
        axes.plot([truth, shown], [y, y], color=VALIDATION, lw=1.2)
    axes.plot(shown, y, ">" if far else "o", color=VALIDATION, ms=6)
    offset = -8 if far or (truth is not None and guess < truth) else 8
    axes.annotate(
        plain(guess), (shown, y), (offset, 0), textcoords="offset points", size=8,
        ha="right" if offset < 0 else "left", va="center", bbox=PAPER,
    )  # fmt: skip
