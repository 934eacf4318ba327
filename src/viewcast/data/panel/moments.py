"""The moments of a panel: after which days of a video its next days are asked.

Shape letters: M moments, V videos, L days of the window, H days of the horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.data.panel.panel import Panel
from viewcast.data.panel.task import Task

Indices = NDArray[np.int64]


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
    def of(cls, panel: Panel, task: Task) -> "Moments":
        """Every moment with a whole window and a whole horizon, no day of which is missing."""
        days, horizon = panel.days, task.horizon
        newest = days - horizon
        if task.moments == "start":
            video = np.flatnonzero(newest >= task.window)
            return cls(panel, task, video, np.full(len(video), task.window))._known()
        count = np.maximum((newest - task.window) // task.step + 1, 0)
        video = np.repeat(np.arange(len(panel)), count)
        back = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        # Counted back from the newest, so that the newest days are asked whatever the step is.
        end = newest[video] - (count[video] - 1 - back) * task.step
        return cls(panel, task, video, end)._known()

    @classmethod
    def newest(cls, panel: Panel, task: Task) -> "Moments":
        """The moment after the last day of each video that is long enough: what comes is unknown.

        Of a task of first days, that of the videos which have these and not yet the whole horizon.
        """
        days = panel.days
        whole = days >= task.window
        if task.moments == "start":
            whole &= days < task.window + task.horizon
        video = np.flatnonzero(whole)
        end = days[video] if task.moments == "sliding" else np.full(len(video), task.window)
        moments = cls(panel, task, video, end)
        return moments.kept(np.isfinite(moments.given()).all(axis=1))

    def __len__(self) -> int:
        """M."""
        return len(self.video)

    def kept(self, which: NDArray[np.bool_]) -> "Moments":
        """Those that are flagged (M,)."""
        return Moments(self.panel, self.task, self.video[which], self.end[which])

    def given(self) -> NDArray[np.float32]:
        """Views of the window (M, L), the oldest day first."""
        return np.asarray(
            self.panel.views[self._begin()[:, None] + np.arange(-self.task.window, 0)]
        )

    def asked(self) -> NDArray[np.float32]:
        """Views of the days asked (M, H)."""
        return np.asarray(self.panel.views[self._begin()[:, None] + np.arange(self.task.horizon)])

    def first_asked(self) -> Indices:
        """The first day asked (M,), as a number of the panel's clock."""
        return self.panel.videos["first"].to_numpy(np.int64)[self.video] + self.end

    def _begin(self) -> Indices:
        return np.asarray(self.panel.starts[self.video] + self.end)

    def _known(self) -> "Moments":
        """Without those that have a missing day."""
        missing = np.concatenate([[0], np.cumsum(np.isnan(self.panel.views))])
        begin = self._begin()
        inside = missing[begin + self.task.horizon] - missing[begin - self.task.window]
        return self if not inside.any() else self.kept(inside == 0)
