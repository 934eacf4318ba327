"""A panel: the daily views of many videos, one after another.

Shape letters: V videos, N days of all videos together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Clock = Literal["calendar", "age"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Views of each video on consecutive days.

    ``videos`` (V): ``video`` (text, unique), ``first`` (int64, its first day), and what else is
    known of a video when it is published: ``category`` (text) and numbers such as ``duration``.
    ``views`` (N,): float32, the days of one video after those of another. ``starts`` (V + 1,):
    where each begins. ``clock``: what a day is. ``calendar``: days since 1970-01-01, one clock for
    all, so that what happens on a day concerns every video; ``age``: days since the upload, the
    first is 1, so that equal days of two videos have nothing in common. ``notes``: what was left
    out or mended while reading, in words.
    """

    videos: pd.DataFrame
    views: NDArray[np.float32]
    starts: NDArray[np.int64]
    clock: Clock
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """V."""
        return len(self.videos)

    @property
    def days(self) -> NDArray[np.int64]:
        """How many days each video has (V,)."""
        return np.diff(self.starts)

    def of(self, video: int) -> NDArray[np.float32]:
        """The views of one video, by its place, from its first day on."""
        return self.views[self.starts[video] : self.starts[video + 1]]

    def parts(self, videos: int) -> Iterator["Panel"]:
        """The panel in parts of so many whole videos."""
        for first in range(0, len(self), videos):
            last = min(first + videos, len(self))
            start, stop = self.starts[first], self.starts[last]
            yield Panel(
                self.videos.iloc[first:last].reset_index(drop=True),
                self.views[start:stop],
                self.starts[first : last + 1] - start,
                self.clock,
            )

    def times(self, days: NDArray[np.int64]) -> NDArray[np.int64] | NDArray[np.datetime64]:
        """Days as the prepared table has them: numbers of an age, dates of a calendar."""
        return days if self.clock == "age" else days.astype("datetime64[D]")
