"""The rows of a protocol: what trains, what validates, what is the test.

A wide table with columns ``video_id``, ``category`` and one column a day (``d001``...).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.data import table
from viewcast.data.panel.readers.wide import Wide
from viewcast.data.panel.videos import Videos
from viewcast.scoring.loss import Loss
from viewcast.scoring.measure import Measure
from viewcast.scoring.measures.mrse import MRSE
from viewcast.scoring.measures.rank_percentile import RankPercentile
from viewcast.scoring.measures.smape import SMAPE
from viewcast.training.problem import Problem

FOLDS = 5
TASKS: dict[str, dict[str, Any]] = {
    "week": {"window": 56, "horizon": 7, "asked": "each", "moments": "sliding", "step": 7,
             "least_views": 100, "least_views_train": 10},
    "month": {"window": 90, "horizon": 30, "asked": "sum", "moments": "start", "step": 1,
              "least_views": 0, "least_views_train": 0},
    "launch": {"window": 7, "horizon": 23, "asked": "total", "moments": "start", "step": 1,
               "least_views": 0, "least_views_train": 0},
}  # fmt: skip
MEASURES: dict[str, Measure] = {"week": SMAPE(), "month": RankPercentile(), "launch": MRSE()}


@dataclass(frozen=True)
class Rows:
    """Of one fold of one task. ``keys``: columns that are no feature."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame

    def refit(self) -> "Rows":
        """Training and validation rows train; the validation rows stay what they are."""
        both = pd.concat([self.train, self.validation], ignore_index=True)
        return Rows(both, self.validation, self.test)

    @property
    def targets(self) -> list[str]:
        """``target``, or one for each day."""
        return table.target_columns(self.train.columns)

    def problem(self, inputs: list[str], loss: Loss, seed: int) -> Problem:
        """What a trainer is given."""
        shown = ["row", *self.targets, *inputs]
        empty = self.validation[shown].iloc[:0]
        outputs = tuple(self.targets)
        return Problem(
            self.train[shown], empty, inputs, loss, seed, 1, "benchmark", outputs=outputs
        )


def folds_of(panel: Path, task: str) -> list[Rows]:
    """The rows of each fold: one where days are new, five where videos are."""
    if task == "week":
        return [_rows(panel, task, "days", 0)]
    return [_rows(panel, task, "videos", fold) for fold in range(FOLDS)]


def data_of(panel: Path, task: str, new: str, fold: int) -> Videos:
    """The data set as the pipeline would have it."""
    spans = 1 if new == "days" else None
    split = {
        "task": TASKS[task], "new": new, "cluster": "entity", "folds": FOLDS,
        "validation": ((fold + 1) % FOLDS,), "test": (fold,), "seed": 2021,
        "validation_spans": spans, "test_spans": spans,
    }  # fmt: skip
    reader = Wide(panel.name, "video_id", "category", r"d(\d+)", "age")
    return Videos(
        "panel",
        "panel",
        str(panel.resolve().parent),
        reader,
        "log views",
        {task: split},
        task,
        {},
        1,
    )


def _rows(panel: Path, task: str, new: str, fold: int) -> Rows:
    data = data_of(panel, task, new, fold)
    whole = pd.concat(data.frames(data.panel(Path("/")), task), ignore_index=True)
    label = whole[f"{table.SPLIT}{task}"]
    splits = ("train", "validation", "test")
    return Rows(*(whole[label == split].reset_index(drop=True) for split in splits))
