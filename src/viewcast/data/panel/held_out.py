"""Which rows of a panel train, which validate and which are the test: by video, by day, by both.

Shape letters: M moments, V videos.
"""

import hashlib
from dataclasses import field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.data.panel.moments import Extent, Moments
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.task import Task
from viewcast.data.published import Published

Indices = NDArray[np.int64]
Label = NDArray[np.str_]
Spans = Annotated[int, Field(ge=1)] | None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PanelSplit:
    """A task, and what is new in validation and test.

    ``new``: ``videos``: other videos than those that train; ``days``: later days, so that no
    training row is told of a day asked in validation or test; ``both``. ``folds``: videos are
    dealt into so many by a hash of their name and ``seed``: it does not depend on their order, and
    a new video moves no other. ``validation``, ``test``: the folds (from 0) that are held out where
    videos are new; they are not looked at where only days are. ``validation_spans``,
    ``test_spans``: where days are new, how many horizons at the end are the test, and how many
    before them validate. On a calendar these are the last days of the panel; where days are ages
    they are the last ones of each video. Where only videos are new: so many horizons at the end are
    asked of a held-out video, null for every moment.
    ``cluster``: which rows are alike, so that errors resample them together: those of one
    ``entity`` (a video), of one ``time`` (a day), or ``both``. ``published``: figures of others for
    this task, by the name of the model.

    What holds for every two rows, and a test of properties checks: no open row (training or
    validation) has a day asked in the test among its window or its asked days; no training row has
    one asked in validation. The window of a test row may hold days asked in validation, and that of
    a validation row days asked in training: they are known when the forecast is made.
    """

    task: Task
    new: Literal["videos", "days", "both"]
    cluster: Literal["entity", "time", "both"]
    folds: Annotated[int, Field(ge=3)]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    validation_spans: Spans
    test_spans: Spans
    seed: Annotated[int, Field(ge=0)]
    published: dict[str, Published] = field(default_factory=dict)

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
        if self.new != "days" and not (self.validation and self.test):
            raise ValueError(f"new={self.new}: validation and test each need a fold of videos")
        spans = (self.validation_spans, self.test_spans)
        if self.task.moments == "start":
            if self.new != "videos":
                raise ValueError("a task of the first days of videos has no later days: new=videos")
            if spans != (None, None):
                raise ValueError("a task of first days: validation_spans and test_spans are null")
        elif self.new != "videos" and None in spans:
            raise ValueError(f"new={self.new}: validation_spans and test_spans are numbers from 1")
        return self

    @property
    def min_days(self) -> int:
        """The fewest days of a video that trains."""
        spans = 0
        if self.validation_spans is not None and self.test_spans is not None:
            spans = (self.validation_spans + self.test_spans) * (self.new != "videos")
        return self.task.window + self.task.horizon * (1 + spans)

    def label(self, moments: Moments, extent: Extent) -> Label:
        """The split of each moment (M,); ``unused`` where it is none of them.

        ``extent``: of the whole panel.
        """
        left = self._left(moments, extent)
        if self.new == "days":
            label = self._by_day(left)
        elif self.new == "both":
            by_day, by_video = self._by_day(left), self._by_video(moments)
            label = np.where(by_day == by_video, by_day, "unused")
        else:
            label = self._by_video(moments)
            for name, spans in (("validation", self.validation_spans), ("test", self.test_spans)):
                if spans is not None:
                    asked = (left % self.task.horizon == 0) & (left < spans * self.task.horizon)
                    label[(label == name) & ~asked] = "unused"
        task = self.task
        least = np.where(label == "train", task.least_views_train, task.least_views)
        return np.where(moments.per_day() >= least, label, "unused")

    def _by_video(self, moments: Moments) -> Label:
        fold = folds(moments.panel, self.folds, self.seed)
        of_video = np.full(len(fold), "train", dtype="<U10")
        of_video[np.isin(fold, self.validation)] = "validation"
        of_video[np.isin(fold, self.test)] = "test"
        return of_video[moments.video]

    def _left(self, moments: Moments, extent: Extent) -> Indices:
        """Days between the last one asked and the end (M,)."""
        if moments.panel.clock == "calendar":
            return np.asarray(extent.last + 1 - moments.first_asked() - self.task.horizon)
        return np.asarray(moments.panel.days[moments.video] - moments.end - self.task.horizon)

    def _by_day(self, left: Indices) -> Label:
        """By the days that are left: the newest horizons, those before them, all earlier days."""
        assert self.test_spans is not None and self.validation_spans is not None
        span, within = np.divmod(left, self.task.horizon)
        label = np.full(len(left), "unused", dtype="<U10")
        held = self.test_spans + self.validation_spans
        # A moment between two spans asks days of both: it is told of neither.
        label[(within == 0) & (span < held)] = "validation"
        label[(within == 0) & (span < self.test_spans)] = "test"
        label[left >= held * self.task.horizon] = "train"
        return label


def folds(panel: Panel, count: int, seed: int) -> Indices:
    """The fold of each video (V,), by SHA-256 of its name and the seed."""
    digests = [hashlib.sha256(f"{seed}\x1f{name}".encode()).digest() for name in panel.videos.video]
    return np.array([int.from_bytes(d[:8], "little") % count for d in digests], np.int64)
