"""The moments of a panel: after which days of a video its next days are asked.

Shape letters: M moments, V videos, L days of the window, H days of the horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.data.panel.panel import Panel
from viewcast.data.panel.task import Task

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Extent:
    """The first and the last day of a whole panel, as numbers of its clock: its parts need them."""

    first: int
    last: int

    @classmethod
    def of(cls, panel: Panel) -> "Extent":
        """Those of a panel with at least one video."""
        first = panel.videos["first"].to_numpy(np.int64)
        return cls(int(first.min()), int((first + panel.days).max()) - 1)


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of the videos of a panel, video by video, in order of time.

    ``video`` (M,): the place of the video; ``end`` (M,): how many of its days lie before the
    moment, so that it is also the place of the first day asked.
    """

    panel: Panel
    task: Task
    video: Indices
    end: Indices

    @classmethod
    def of(cls, panel: Panel, task: Task, extent: Extent) -> "Moments":
        """Every moment with a whole window and a whole horizon, no day of which is missing.

        ``panel``: a part of the one that has this ``extent``. On a calendar the moments of all
        videos lie on the same days, whenever a video ends. A task of first days takes the videos
        that are seen from their first day on (``began_unseen``).
        """
        newest = panel.days - task.horizon
        if task.moments == "start":
            video = np.flatnonzero((newest >= task.window) & ~began_unseen(panel, extent))
            return cls(panel, task, video, np.full(len(video), task.window))._known()
        if panel.clock == "calendar":
            first = panel.videos["first"].to_numpy(np.int64)
            newest = newest - (first + newest + task.horizon - extent.last - 1) % task.step
        count = np.maximum((newest - task.window) // task.step + 1, 0)
        video = np.repeat(np.arange(len(panel)), count)
        back = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        # Counted back from the newest, so that the newest days are asked whatever the step is.
        end = newest[video] - (count[video] - 1 - back) * task.step
        return cls(panel, task, video, end)._known()

    @classmethod
    def newest(cls, panel: Panel, task: Task, extent: Extent) -> "Moments":
        """The moment after the last day of each video that is long enough: what comes is unknown.

        On a calendar, of the videos that are there on the last day of the panel. Of a task of first
        days, that of the videos which have these and not yet the whole horizon.
        """
        days, first = panel.days, panel.videos["first"].to_numpy(np.int64)
        whole = days >= task.window
        if panel.clock == "calendar":
            whole &= first + days > extent.last
        if task.moments == "start":
            whole &= (days < task.window + task.horizon) & ~began_unseen(panel, extent)
        video = np.flatnonzero(whole)
        end = days[video] if task.moments == "sliding" else np.full(len(video), task.window)
        moments = cls(panel, task, video, end)
        return moments.kept(np.asarray(np.isfinite(moments.given()).all(axis=1)))

    def __len__(self) -> int:
        """M."""
        return len(self.video)

    def kept(self, which: Flags) -> "Moments":
        """Those that are flagged (M,)."""
        return Moments(self.panel, self.task, self.video[which], self.end[which])

    def given(self) -> NDArray[np.float32]:
        """Views of the window (M, L), the oldest day first."""
        return np.asarray(self.panel.views[self.begin()[:, None] + np.arange(-self.task.window, 0)])

    def first_asked(self) -> Indices:
        """The first day asked (M,), as a number of the panel's clock."""
        return self.panel.videos["first"].to_numpy(np.int64)[self.video] + self.end

    def begin(self) -> Indices:
        """The place of the first day asked among the views of all videos (M,)."""
        return np.asarray(self.panel.starts[self.video] + self.end)

    def per_day(self) -> NDArray[np.float64]:
        """Views a day in the window (M,), summed in double."""
        return np.asarray(self.given().mean(axis=1, dtype=np.float64))

    def _known(self) -> "Moments":
        """Without those that have a missing day."""
        missing = np.concatenate([[0], np.cumsum(np.isnan(self.panel.views))])
        begin = self.begin()
        inside = missing[begin + self.task.horizon] - missing[begin - self.task.window]
        return self if not inside.any() else self.kept(inside == 0)


def began_unseen(panel: Panel, extent: Extent) -> Flags:
    """Which videos may have begun before their first day in the panel (V,).

    Where the clock is the age: those whose first day is not day 1. On a calendar: those that were
    there on the first day of the whole panel.
    """
    first = panel.videos["first"].to_numpy(np.int64)
    return np.asarray(first > 1 if panel.clock == "age" else first == extent.first)
