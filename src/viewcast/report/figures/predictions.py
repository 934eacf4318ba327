"""Predictions against the truth: lectures as a scatter, days as a series, one lecture as a list."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from viewcast.report.figures.results import MEMORIES, Results, Run
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
    plain,
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
    table = results.table(data)
    if not runs or table is None:
        return
    key = next(iter(runs[0]["test"]))
    truth = float(table.set_index("row").loc[key, "target"])
    runs = sorted(runs, key=lambda run: (run["split"], run["test"].get(key, np.nan)))
    guesses = [run["test"].get(key, np.nan) for run in runs]
    nearest = min(runs, key=lambda run: abs(run["test"].get(key, np.inf) - truth))
    unit = runs[0]["target_unit"]
    title = (
        f"Lecture {key} took {plain(truth)} {unit}: the models say {plain(min(guesses))} to "
        f"{plain(max(guesses))}, the nearest “{nearest.name}” with {plain(nearest['test'][key])}"
    )
    splits = list(dict.fromkeys(run["split"] for run in runs))
    figure, (axes,) = sheet(runs[0]["label"], title, 0.7 + 0.215 * (len(runs) + len(splits)))
    edge = min(max(guesses), 2.2 * truth)
    y, ticks, headings = 0.0, [], []
    for split in splits:
        headings.append(y)
        ticks.append((y, f"split “{split}”"))
        y += 1
        for run in (r for r in runs if r["split"] == split):
            guess = run["test"].get(key, np.nan)
            shown, far = min(guess, edge), guess > edge
            axes.plot([truth, shown], [y, y], color=VALIDATION, lw=1.2)
            axes.plot(shown, y, ">" if far else "o", color=VALIDATION, ms=6)
            aside = -8 if far or guess < truth else 8
            axes.annotate(
                plain(guess), (shown, y), (aside, 0), textcoords="offset points", size=8,
                ha="right" if aside < 0 else "left", va="center", bbox=_PAPER,
            )  # fmt: skip
            ticks.append((y, run.name))
            y += 1
    axes.axvline(truth, color=INK, lw=1.4)
    row_labels(axes, ticks, headings)
    axes.set(xlim=(0, edge * 1.12), ylim=(y - 0.4, -0.7), xlabel=f"prediction ({unit})")
    caption = (
        f"No model was trained or chosen on this lecture. The upright line is the length the "
        f"lecturer stated, {plain(truth)} {unit}. One lecture is one draw: being nearest here "
        "says little by itself."
    )
    alt = f"{title}. One row per model with its distance from the truth."
    ids = [run["run_id"] for run in runs]
    yield Drawing(f"{data}_test", figure, title, caption, alt, ids)


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
