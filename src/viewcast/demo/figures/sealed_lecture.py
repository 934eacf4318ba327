"""What every model predicts for the one lecture of the test, whose length is sealed."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from viewcast.assessment.result import OpenedTest
from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import VALIDATION, Drawing, row_labels, sheet

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
    guesses = [run["test"][key] for run in runs]
    title = _title(key, runs)
    splits = sorted({run["split"] for run in runs})
    figure, (axes,) = sheet(runs[0]["label"], title, 0.7 + 0.215 * (len(runs) + len(splits)))
    edge = min(max(guesses), 2.2 * float(np.median(guesses)))
    y, ticks, headings = 0.0, [], []
    for split in splits:
        headings.append(y)
        ticks.append((y, f"split “{split}”"))
        y += 1
        of_split = [run for run in runs if run["split"] == split]
        for run in sorted(of_split, key=lambda run: float(run["test"][key])):
            _guess(axes, y, run["test"][key], edge)
            ticks.append((y, run.name))
            y += 1
    row_labels(axes, ticks, headings)
    unit = runs[0]["target_unit"]
    axes.set(xlim=(0, edge * 1.12), ylim=(y - 0.4, -0.7), xlabel=f"prediction ({unit})")
    caption = (
        "No model was trained or chosen on this lecture. Its length is sealed; "
        "python pipelines/open_test.py run=… scores one run on it, once."
    )
    for test in opened:
        caption += f" Opened for “{test.name}”: loss {plain(test.loss)} {runs[0]['unit']}."
    alt = f"{title}. One row per model with its prediction."
    ids = [run["key"] for run in runs]
    yield Drawing(f"{data}_test", figure, title, caption, alt, ids)


def _openings(results: Results, data: str) -> list[OpenedTest]:
    of_data = [audit.result for audit in results.audits if audit.result.data == data]
    return [test for result in of_data for test in result.openings]


def _title(key: str, runs: list[Run]) -> str:
    guesses, unit = [run["test"][key] for run in runs], runs[0]["target_unit"]
    ends = " to ".join(dict.fromkeys((plain(min(guesses)), plain(max(guesses)))))
    return f"The length of lecture {key} is sealed: the models predict {ends} {unit}"


def _guess(axes: Axes, y: float, guess: float, edge: float) -> None:
    """One prediction; one beyond the edge is an arrow at it."""
    shown, far = min(guess, edge), guess > edge
    axes.plot(shown, y, ">" if far else "o", color=VALIDATION, ms=6)
    axes.annotate(
        plain(guess), (shown, y), (-8 if far else 8, 0), textcoords="offset points", size=8,
        ha="right" if far else "left", va="center", bbox=PAPER,
    )  # fmt: skip
