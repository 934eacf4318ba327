"""The functions that were learnt: a line and a bent curve over the pages of a lecture."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    DEEP,
    INK,
    LINE,
    OTHER,
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    sheet,
)

SHOWN = {
    "lectures_course": (LINE, "line"),
    "lectures_deep_untuned": (OTHER, "network, badly trained"),
    "lectures_deep": (DEEP, "network, well trained"),
}


def draw(results: Results) -> Iterator[Drawing]:
    """Minutes against pages with the line and the bent curves."""
    runs = [run for run in results.finished(*SHOWN) if run.learnt is not None and run.validated]
    table = results.table("lectures")
    if len(runs) < 2 or table is None or any(run["features"] != ["pages"] for run in runs):
        return
    line, deep = runs[0], runs[-1]
    pages = table.set_index("row")["pages"]
    learnt, unseen = line.of_split("train"), line.of_split("validation")
    known = pages[learnt.index].max()
    grid = pd.DataFrame({"pages": np.linspace(0, table["pages"].max() * 1.03, 400)})
    top = 1.35 * max(learnt["target"].max(), unseen["target"].max())
    beyond = int((pages[unseen.index] > known).sum())
    title = (
        f"Bending takes the training loss from {plain(line['train_loss'])} to "
        f"{plain(deep['train_loss'])} {line['unit']}, the validation loss from "
        f"{line.validation} to {deep.validation}: {beyond} of {len(unseen)} unseen "
        f"lectures have more than {plain(known)} pages"
    )
    figure, (axes,) = sheet(line["label"], title, 3.6)
    axes.axvspan(known, grid["pages"].max(), color="#f4f2ec", lw=0)
    axes.text(
        grid["pages"].max() - 1, top * 0.02, "no lecture to learn from", size=8.5, color=INK,
        ha="right",
    )  # fmt: skip
    axes.plot(pages[learnt.index], learnt["target"], "o", color=TRAIN, ms=5, label="learnt from")
    axes.plot(pages[unseen.index], unseen["target"], "o", color=VALIDATION, ms=5, label="unseen")
    for run in runs:
        colour, name = SHOWN[run["experiment"]]
        assert run.learnt is not None
        axes.plot(grid["pages"], run.learnt.predict(grid), color=colour, label=name)
    axes.set(xlim=(0, grid["pages"].max()), ylim=(0, top))
    axes.set(xlabel="pages of the slides", ylabel="length of the lecture (minutes)")
    legend_above(axes)
    closer = "more" if deep["train_loss"] < line["train_loss"] else "no more"
    caption = (
        "A network of max(0, ·) units is a line that may bend. It fits the training lectures "
        f"{closer} closely than the best straight line"
    )
    poor = results.experiment("lectures_deep_untuned")
    if poor is not None and poor in runs and poor["train_loss"] > line["train_loss"]:
        caption += (
            f" if it is trained well; badly trained, the same network ends at "
            f"{plain(poor['train_loss'])}, above the line that it contains"
        )
    caption += ". Where there are no lectures, no data limit the curve, and its last piece goes on."
    alt = f"{title}. Scatter of minutes against pages with the learnt functions."
    yield Drawing("lectures_functions", figure, title, caption, alt, [r["key"] for r in runs])
