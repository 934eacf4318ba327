"""The videos that are forecast best and worst, as small multiples: what came, and the forecast."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.figures.panel_rows import Task, columns, short_name, small_axes
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import DEEP, INK, Drawing, legend_above, sheet
from viewcast.scoring.labels import label_of

EACH = 3  # best, typical and worst videos


def draw(results: Results) -> Iterator[Drawing]:
    """One for each task that asks several days."""
    for data in results.panels:
        for task in Task.of(results, data):
            rows = task.rows(results, task.best)
            if columns(rows, "target").shape[1] > 1 and rows["entity"].nunique() >= 3 * EACH:
                yield _multiples(task, rows)


def _multiples(task: Task, rows: pd.DataFrame) -> Drawing:
    best = task.best
    counts = rows["entity"].value_counts()
    often = rows[rows["entity"].isin(counts.index[counts >= counts.median()])]
    by_video = often.groupby("entity")["loss"].mean().sort_values(kind="stable")
    middle = len(by_video) // 2 - EACH // 2
    chosen = {
        "best": by_video.index[:EACH],
        "typical": by_video.index[middle : middle + EACH],
        "worst": by_video.index[-EACH:],
    }
    low, high = by_video.quantile([0.1, 0.9])
    title = (
        f"One video in ten is missed by less than {plain(float(low), 2)}\u00a0{best['unit']}, one "
        f"by more than {plain(float(high), 2)}\u00a0{best['unit']}"
    )
    figure, axes = sheet(best["label"], title, 5.2, 3, EACH)
    for place, (kind, videos) in enumerate(chosen.items()):
        for column, video in enumerate(videos):
            own = rows[rows["entity"] == video].sort_values("time")
            came, forecast = columns(own, "target"), columns(own, "prediction")
            panel = axes[place * EACH + column]
            days = np.arange(came.size)  # scored days, one stretch behind the other
            first = place == column == 0
            panel.plot(days, came.ravel(), color=INK, lw=1, label="came" if first else None)
            panel.plot(
                days, forecast.ravel(), color=DEEP, lw=1, label="forecast" if first else None
            )
            score = f"{plain(float(by_video[video]), 2)}\u00a0{best['unit']}"
            small_axes(panel, f"{short_name(video)}\n{kind}: {score}")
            if place == 2:
                panel.set_xlabel("validation days", size=7)
            if column == 0:
                panel.set_ylabel("views", size=7)
    legend_above(axes[0])
    caption = (
        f"Task “{task.split}”, {best.name}: every stretch of {came.shape[1]} days was forecast "
        "before its first day; days that were not scored are left out. Of the videos with the most "
        f"rows. Above each: the video and its mean {label_of(best['loss'])}."
    )
    return Drawing(f"{task.data}_{task.split}_series", figure, title, caption, title, [best["key"]])
