"""Fans of forecasts of chosen videos: the days before, the forecast with its interval, what came.

Shape letters: N rows, O outputs.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.figures.panel_rows import Task, columns, short_name, small_axes
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import DEEP, INK, Drawing, legend_above, sheet

SHOWN, BEFORE = 6, 28  # videos, and days before the forecast
LEVEL = 0.8


def draw(results: Results) -> Iterator[Drawing]:
    """One for each task that asks several days."""
    for data in results.panels:
        for task in Task.of(results, data):
            rows, table = task.rows(results, task.best), results.table(data, task.split)
            others = rows["entity"].nunique() - SHOWN  # their errors make the interval
            several = columns(rows, "target").shape[1] > 1
            if table is not None and several and others >= SHOWN:
                yield _fans(task, rows, table)


def _fans(task: Task, rows: pd.DataFrame, table: pd.DataFrame) -> Drawing:
    newest = rows[rows["time"] == rows["time"].max()]
    chosen = newest.nlargest(SHOWN, "size")
    low, high, covered = _interval(rows, set(chosen["entity"]))
    title = (
        f"Of the newest week of the largest videos {plain(100 * covered, 2)} % of the days lie in "
        f"the {plain(100 * LEVEL)} % interval"
    )
    figure, axes = sheet(task.best["label"], title, 4.2, 2, SHOWN // 2)
    features = table.set_index("row")
    for axis, (_, row) in zip(axes, chosen.iterrows(), strict=False):
        own = features.loc[row["row"]]
        lags = [f"lag_{lag}" for lag in range(BEFORE, 0, -1) if f"lag_{lag}" in features]
        before = np.expm1(own[lags].to_numpy(np.float64) + float(own["size"]))
        frame = row.to_frame().T
        forecast, came = columns(frame, "prediction")[0], columns(frame, "target")[0]
        ahead = np.arange(1, len(forecast) + 1)
        first = axis is axes[0]
        ends = [np.expm1(np.log1p(forecast) + end) for end in (low, high)]
        told = f"{plain(100 * LEVEL)} %" if first else None
        axis.fill_between(ahead, *ends, color=DEEP, alpha=0.2, lw=0, label=told)
        axis.plot(ahead, forecast, color=DEEP, lw=1.4, label="forecast" if first else None)
        shown = np.concatenate([before, came])
        days = np.arange(1 - len(before), len(came) + 1)
        axis.plot(days, shown, color=INK, lw=1, label="came" if first else None)
        axis.axvline(0.5, color=INK, lw=0.5, ls=(0, (2, 2)))
        small_axes(axis, short_name(row["entity"]))
        axis.set_xlabel("days ahead", size=7)
    for axis in axes[:: SHOWN // 2]:
        axis.set_ylabel("views", size=7)
    legend_above(axes[0])
    caption = (
        f"Task “{task.split}”, {task.best.name}: the {SHOWN} videos with most views, at the newest "
        "moment that validates. The interval is that of the errors made on all other videos."
    )
    ids = [task.best["key"]]
    return Drawing(f"{task.data}_{task.split}_fans", figure, title, caption, title, ids)


def _interval(rows: pd.DataFrame, chosen: set[str]) -> tuple[Any, Any, float]:
    """Quantiles (O,) of the log errors of other videos; the share of the chosen ones' newest days
    that they hold.
    """
    errors = np.log1p(columns(rows, "target")) - np.log1p(columns(rows, "prediction"))
    own = rows["entity"].isin(chosen).to_numpy()
    low, high = np.quantile(errors[~own], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    newest = own & (rows["time"] == rows["time"].max()).to_numpy()
    inside = (errors[newest] >= low) & (errors[newest] <= high)
    return low, high, float(inside.mean())
