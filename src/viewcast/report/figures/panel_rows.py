"""The validation rows of a task of a panel: what came, what a run forecast, and of which video.

Shape letters: N rows, O outputs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from viewcast.report.figures.run_results import Results, Run
from viewcast.scoring.scores import Score, score
from viewcast.selection.clusters import Clusters

LETTERS = 18  # of a name above a small picture


@dataclass(frozen=True)
class Task:
    """The runs of one split of a panel. ``best``: the lowest validation score among them."""

    data: str
    split: str
    runs: list[Run]

    @classmethod
    def of(cls, results: Results, data: str) -> "list[Task]":
        """The tasks of a data set that have validated runs, in the order of the summary."""
        found: dict[str, list[Run]] = {}
        for run in results.of(data):
            if run["status"] == "finished" and run.validated:
                found.setdefault(run["split"], []).append(run)
        return [cls(data, split, runs) for split, runs in found.items()]

    @cached_property
    def best(self) -> Run:
        """The lowest validation score."""
        return min(self.runs, key=lambda run: float(run["val_loss"]))

    @property
    def naive(self) -> Run | None:
        """The naive forecast of the same rows."""
        return next((run for run in self.runs if run["model"] == "naive"), None)

    def rows(self, results: Results, run: Run) -> pd.DataFrame:
        """The run's validation rows, with what the prepared table knows of them (N)."""
        own = run.predictions[run.predictions["split"] == "validation"]
        table = results.table(self.data, self.split)
        if table is None:
            return own
        known = [c for c in table if c in ("size", "age") or str(c).startswith("category_")]
        return own.merge(table[["row", *known]], on="row", how="left")


def columns(rows: pd.DataFrame, part: str) -> NDArray[np.float64]:
    """``target`` or ``prediction`` of rows (N, O), in views."""
    names = [c for c in rows if c == part or str(c).startswith(f"{part}_")]
    return rows[names].to_numpy(np.float64)


def short_name(video: Any) -> str:
    """The name of a video where there is room for few letters."""
    name = str(video)
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def small_axes(axes: Axes, title: str) -> None:
    """The look of one of many small pictures of views: its title, and an axis that begins at 0."""
    axes.set_title(title, size=7)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda views, _: f"{views:,g}"))
    axes.tick_params(labelsize=6.5)


def mean_of(rows: pd.DataFrame, cluster: Any) -> Score:
    """The mean score of some rows, with a standard error that knows which are alike."""
    found = score(rows["loss"].to_numpy(), 1, Clusters.if_any(rows, cluster))
    assert found is not None, "there is at least one row"
    return found
