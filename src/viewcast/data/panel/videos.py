"""A data set of many videos: what follows a window of days, by one model for all of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, SkipValidation, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.data import table
from viewcast.data.panel.features import Known, Measured, features, measured
from viewcast.data.panel.held_out import PanelSplit
from viewcast.data.panel.moments import Extent, Moments, began_unseen
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers.reader import Reader
from viewcast.data.panel.task import Task
from viewcast.data.published import Published
from viewcast.data.split import known_split

AT_ONCE = 2**21  # views of windows and horizons that are in memory at a time


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Videos:
    """Many videos and the tasks that are asked of them, each a split with a table of its own.

    ``label``: how pages name the data. ``raw``: the folder under the project. ``reader``: the
    section that says how it is read. ``unit``: of targets. ``splits``: by name, a task and who is
    held out. ``split``: the one of ``splits`` that is used. ``features``: named feature sets.
    ``block``: 1, since rows are clustered and not in blocks.
    """

    name: str
    label: str
    raw: str
    reader: SkipValidation[Reader]
    unit: str
    splits: dict[str, PanelSplit]
    split: str
    features: dict[str, list[str]]
    block: Annotated[int, Field(ge=1, le=1)]

    @model_validator(mode="after")
    def _is_whole(self) -> "Videos":
        if not hasattr(self.reader, "read"):
            raise ValueError("reader has no _target_; expected a class of data/panel/readers")
        known_split(self.split, self.splits)
        return self

    @property
    def part(self) -> str:
        """The table of the split that is used."""
        return self.split

    @property
    def cluster(self) -> Literal["entity", "time", "both"]:
        """Which rows of the split are alike."""
        return self.splits[self.split].cluster

    @property
    def published(self) -> dict[str, Published]:
        """Figures of others for the task of the split, by the name of the model."""
        return self.splits[self.split].published

    @property
    def feature_lookback(self) -> int:
        """The days of a video before a moment that its features tell of."""
        return self.splits[self.split].task.window

    def panel(self, root: Path) -> Panel:
        """The panel that the reader reads below ``root``."""
        return self.reader.read(root / self.raw)

    def prepare(self, root: Path) -> pd.DataFrame:
        """The whole prepared table of the split, test rows among it."""
        panel = self.panel(root)
        return pd.concat(self.frames(panel, self.split), ignore_index=True)

    def frames(self, panel: Panel, split: str) -> Iterator[pd.DataFrame]:
        """The prepared table of a split, whole videos at a time; rows of no use are left out.

        Refuses (DataError) a panel without any training row.
        """
        chosen, extent, known = self.splits[split], Extent.of(panel), Known.of(panel)
        task, trains = chosen.task, False
        for part in panel.parts(_videos_at_once(panel, task)):
            moments = Moments.of(part, task, extent)
            label = chosen.label(moments, extent)
            used = label != "unused"
            if used.any():
                trains |= bool((label == "train").any())
                of_split = {f"{table.SPLIT}{split}": label[used]}
                yield self._frame(measured(kept := moments.kept(used), known), kept, of_split)
        if not trains:
            raise DataError(
                f"data.splits.{split}: no video of {self.raw} has a row to train on; expected "
                f"{chosen.min_days} days of a video with {task.least_views_train:g} views a day "
                f"({task.window} days given, {task.horizon} asked, and what validates and tests "
                f"behind them); {_lacking(panel, chosen)}"
            )

    def newest(self, panel: Panel, split: str) -> pd.DataFrame:
        """Features and level of each video's newest moment, of which nothing is known yet."""
        task, extent, known = self.splits[split].task, Extent.of(panel), Known.of(panel)
        parts = panel.parts(_videos_at_once(panel, task))
        moments = (Moments.newest(part, task, extent) for part in parts)
        frames = [self._frame(features(each, known), each, {}) for each in moments if len(each)]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def _frame(
        self, measures: Measured, moments: Moments, of_split: dict[str, NDArray[np.str_]]
    ) -> pd.DataFrame:
        """Keys, targets and label in columns of their own, features in one block of memory."""
        panel = moments.panel
        video = panel.videos["video"].to_numpy(object)[moments.video]
        times = pd.Series(panel.times(moments.first_asked()))
        numbered = [f"target_{place + 1}" for place in range(len(measures.targets))]
        names = numbered if len(numbered) != 1 else [table.TARGET]
        keys = {
            "row": [f"{name} {time}" for name, time in zip(video, times.astype(str), strict=True)],
            "entity": video,
            "time": times if panel.clock == "age" else times.astype("datetime64[us]"),
            "unit": self.unit,
            **dict(zip(names, measures.targets, strict=True)),
            "level": measures.level,
            **of_split,
        }
        frame = pd.DataFrame(keys).astype(dict.fromkeys(("row", "entity", "unit"), "str"))
        block = pd.DataFrame(measures.features.T, columns=measures.names, copy=False)
        return pd.concat([frame, block], axis=1)


def _lacking(panel: Panel, split: PanelSplit) -> str:
    """Why a panel has no row to train on, as far as its length and its clock tell."""
    enough = panel.days >= split.min_days
    if split.task.moments == "start" and enough.any():
        enough &= ~began_unseen(panel, Extent.of(panel))
        if not enough.any():
            since = "at an age above 1" if panel.clock == "age" else "on the first day of all"
            return f"all that are long enough begin {since}: their first days are not known"
    return f"found {enough.sum()} long enough, and the longest has {int(panel.days.max())} days"


def _videos_at_once(panel: Panel, task: Task) -> int:
    days = max(1.0, float(panel.days.mean()))
    moments = days / task.step if task.moments == "sliding" else 1
    return max(1, int(AT_ONCE / max(moments * (task.window + task.horizon), days)))
