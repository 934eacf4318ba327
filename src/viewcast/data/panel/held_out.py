"""Which rows of a panel train, which validate and which are the test: by video, by day, by both.

Shape letters: M moments, V videos.
"""

import hashlib
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.data.panel.moments import Moments
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.task import Task

Indices = NDArray[np.int64]
Label = NDArray[np.str_]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PanelSplit:
    """A task, and what is new in validation and test.

    ``new``: ``videos``: other videos than those that train; ``days``: later days, so that no
    training row is told of a day asked in validation or test; ``both``. ``folds``: videos are
    dealt into so many by a hash of their name and ``seed``: it does not depend on their order, and
    a new video moves no other. ``validation``, ``test``: the folds (from 0) that are held out where
    videos are new. ``validation_spans``, ``test_spans``: where days are new, how many horizons at
    the end are the test, and how many before them validate. On a calendar these are the last days
    of the panel; where days are ages they are the last ones of each video.
    ``cluster``: which rows are alike, so that errors resample them together: those of one
    ``entity`` (a video), of one ``time`` (a day), or ``both``.
    """

    task: Task
    new: Literal["videos", "days", "both"]
    cluster: Literal["entity", "time", "both"]
    folds: Annotated[int, Field(ge=3)]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    validation_spans: Annotated[int, Field(ge=1)]
    test_spans: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _apart(self) -> "PanelSplit":
        held = [*self.validation, *self.test]
        wrong = [fold for fold in held if not 0 <= fold < self.folds]
        if wrong:
            raise ValueError(f"fold {wrong[0]} is none of 0 to {self.folds - 1}")
        if len(set(held)) < len(held) or len(held) >= self.folds:
            raise ValueError(
                "validation and test share a fold, or leave none to train; "
                f"found validation {list(self.validation)}, test {list(self.test)}"
            )
        if self.new != "videos" and self.task.moments == "start":
            raise ValueError("a task of the first days of videos has no later days: new=videos")
        return self

    def label(self, moments: Moments, last: int) -> Label:
        """The split of each moment (M,); ``unused`` where it is none of them.

        ``last``: the last day of the whole panel, as a number of its clock.
        """
        by_day, by_video = self._by_day(moments, last), self._by_video(moments)
        if self.new == "videos":
            label = by_video
        elif self.new == "days":
            label = by_day
        else:
            label = np.where(by_day == by_video, by_day, "unused")
        views = moments.given().mean(axis=1, dtype=np.float64)
        least = np.where(label == "train", self.task.least_views_train, self.task.least_views)
        return np.where(views >= least, label, "unused")

    def _by_video(self, moments: Moments) -> Label:
        fold = folds(moments.panel, self.folds, self.seed)
        of_video = np.full(len(fold), "train", dtype="<U10")
        of_video[np.isin(fold, self.validation)] = "validation"
        of_video[np.isin(fold, self.test)] = "test"
        return of_video[moments.video]

    def _by_day(self, moments: Moments, last: int) -> Label:
        """By how many days lie between the last one asked and the end."""
        horizon, panel = self.task.horizon, moments.panel
        if panel.clock == "calendar":
            left = last + 1 - (moments.first_asked() + horizon)
        else:
            left = panel.days[moments.video] - (moments.end + horizon)
        span, within = np.divmod(left, horizon)
        label = np.full(len(moments), "unused", dtype="<U10")
        held = self.test_spans + self.validation_spans
        # A moment between two spans asks days of both: it is told of neither.
        label[(within == 0) & (span < held)] = "validation"
        label[(within == 0) & (span < self.test_spans)] = "test"
        label[left >= held * horizon] = "train"
        return label


def folds(panel: Panel, count: int, seed: int) -> Indices:
    """The fold of each video (V,), by SHA-256 of its name and the seed."""
    digests = [hashlib.sha256(f"{seed}\x1f{name}".encode()).digest() for name in panel.videos.video]
    return np.array([int.from_bytes(d[:8], "little") % count for d in digests], np.int64)
