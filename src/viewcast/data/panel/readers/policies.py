"""What is done with a day that a video has twice, with one that it lacks, with a count below 0.

Shape letters: R rows, V videos, N days of all videos.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.base.quoted import quoted
from viewcast.data.panel.panel import Clock, Panel

MOST = 2.0**53  # beyond it float64 cannot hold every count
NAMED = 3  # videos that a note names


class Policies(Protocol):
    """The settings that decide."""

    @property
    def repeated(self) -> str:
        """``refuse``, ``last`` (the row that comes last) or ``sum``."""

    @property
    def gaps(self) -> str:
        """``refuse``, ``missing`` (no window has such a day) or ``zero``."""

    @property
    def negative(self) -> str:
        """``refuse``, ``missing`` or ``zero``."""

    @property
    def cumulative(self) -> bool:
        """Whether views are those of a counter."""

    @property
    def clock(self) -> Clock:
        """What a day is."""


@dataclass(frozen=True, eq=False)
class Counted:
    """The rows of a long table: video by number (R,), day (R,), views (R,) of each.

    ``names`` (V,); ``files``: name, number of the first row, and how many rows each batch had;
    ``columns``: the names of video, day and views. ``calendar``: whether days are dates.
    """

    video: NDArray[np.int32]
    day: NDArray[np.int32]
    views: NDArray[np.float64]
    names: NDArray[Any]
    files: list[tuple[str, int, int]]
    columns: tuple[str, str, str]
    calendar: bool

    def refusal(self, row: int, column: int, found: str, expected: str) -> DataError:
        """The error for one cell, by its file and row."""
        for file, first, count in self.files:
            if row < count:
                return DataError(
                    f"{file}, row {first + row}, column {quoted(self.columns[column])}: "
                    f"found {found}, expected {expected}"
                )
            row -= count
        raise AssertionError("the row is none of the files'")

    def shown(self, row: int) -> str:
        """The video and the day of a row, in words."""
        day = np.datetime64(int(self.day[row]), "D") if self.calendar else f"day {self.day[row]}"
        return f"{day} of {quoted(self.names[self.video[row]])}"


def settled(
    counted: Counted, videos: pd.DataFrame, policies: Policies, begins: Any = None
) -> Panel:
    """The panel of all rows. ``begins`` (V,): first days of the videos, NaN where the first day
    with views is; None: each begins with its first row.

    Refuses (DataError) as policies say, and counts that no number of 64 bits holds.
    """
    notes: list[str] = []
    order = np.lexsort((counted.day, counted.video))
    order = _without_repeated(counted, order, policies, notes)
    video, day, views = counted.video[order], counted.day[order], counted.views[order].copy()
    if policies.repeated == "sum":
        views = _summed(counted, order)
    large = np.abs(views) > MOST
    if large.any():
        row = int(order[large.argmax()])
        raise counted.refusal(row, 2, f"{counted.views[row]}", "a count of at most 2**53")
    if policies.cumulative:
        views = _steps(video, day, views)
    below = views < 0
    if below.any():
        _about_negative(counted, order, below, policies, notes)
        views[below] = 0.0 if policies.negative == "zero" else np.nan
    if begins is not None:
        kept = day >= _first_days(video, day, views, begins)[video]
        if not kept.all():
            notes.append(f"{(~kept).sum():,} rows before a video was published were left out")
        video, day, views, order = video[kept], day[kept], views[kept], order[kept]
    return _panel(counted, videos, policies, (video, day, views, order), notes)


def _without_repeated(
    counted: Counted, order: NDArray[np.int64], policies: Policies, notes: list[str]
) -> NDArray[np.int64]:
    """The rows in order, of each video and day the last one."""
    video, day = counted.video[order], counted.day[order]
    again = np.concatenate([(video[1:] == video[:-1]) & (day[1:] == day[:-1]), [False]])
    if not again.any():
        return order
    place = int(again.argmax()) + 1
    if policies.repeated == "refuse":
        raise counted.refusal(
            int(order[place]),
            1,
            f"{counted.shown(order[place])} a second time ({again.sum():,} such rows)",
            "each day of a video once; repeated=last or repeated=sum allow it",
        )
    what = "the last one is used" if policies.repeated == "last" else "they are summed"
    notes.append(f"{again.sum():,} rows repeat a day of a video: {what}")
    return np.asarray(order[~again])


def _summed(counted: Counted, order: NDArray[np.int64]) -> NDArray[np.float64]:
    whole = np.lexsort((counted.day, counted.video))
    video, day = counted.video[whole], counted.day[whole]
    new = np.concatenate([[True], (video[1:] != video[:-1]) | (day[1:] != day[:-1])])
    return np.asarray(np.add.reduceat(counted.views[whole], np.flatnonzero(new)))


def _steps(video: Any, day: Any, views: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of counters the views of each day: the step from the row of the day before; else missing."""
    steps = np.full(len(views), np.nan)
    follows = (video[1:] == video[:-1]) & (day[1:] == day[:-1] + 1)
    steps[1:][follows] = np.diff(views)[follows]
    return steps


def _about_negative(
    counted: Counted, order: Any, below: Any, policies: Policies, notes: list[str]
) -> None:
    row = int(order[below.argmax()])
    if policies.negative == "refuse":
        raise counted.refusal(
            row,
            2,
            f"{counted.views[row]:g} on {counted.shown(row)} ({below.sum():,} counts below 0)",
            "a count of at least 0; negative=missing or negative=zero allow it",
        )
    names = counted.names[np.unique(counted.video[order[below]])]
    of = f"{', '.join(map(quoted, names[:NAMED]))}{', ...' if len(names) > NAMED else ''}"
    notes.append(
        f"views were taken back on {below.sum():,} days of {len(names):,} videos ({of}), which "
        f"count as {'0' if policies.negative == 'zero' else 'missing'}"
    )


def _first_days(video: Any, day: Any, views: Any, begins: Any) -> NDArray[np.float64]:
    """The first day of each video (V,): when it was published, else of its first view."""
    first = np.full(len(begins), np.inf)
    seen = views > 0
    np.minimum.at(first, video[seen], day[seen])
    return np.where(np.isnan(begins), first, begins)


def _panel(
    counted: Counted, videos: pd.DataFrame, policies: Policies, rows: Any, notes: list[str]
) -> Panel:
    video, day, views, order = rows
    if policies.cumulative:  # the first row of a counter has no step
        known = np.isfinite(views)
        video, day, views, order = video[known], day[known], views[known], order[known]
    present, starts_of = np.unique(video, return_index=True)
    if len(present) < len(videos):
        gone = len(videos) - len(present)
        notes.append(f"{gone:,} videos have no day that can be used and were left out")
    if not len(present):
        raise DataError(f"{counted.files[0][0]}: no video has a day that can be used")
    first, last = day[starts_of], day[np.append(starts_of[1:], len(day)) - 1]
    starts = np.concatenate([[0], np.cumsum((last - first + 1).astype(np.int64))])
    missing = int(starts[-1]) - len(day)
    if missing and policies.gaps == "refuse":
        gap = np.flatnonzero((np.diff(video) == 0) & (np.diff(day) > 1))[0] + 1
        raise counted.refusal(
            int(order[gap]),
            1,
            f"{counted.shown(order[gap])} next after day {day[gap - 1]} ({missing:,} days lack)",
            "consecutive days; gaps=missing or gaps=zero allow it",
        )
    if missing:
        notes.append(
            f"{missing:,} days between others are not there: "
            f"{'they count as 0' if policies.gaps == 'zero' else 'no window or answer has one'}"
        )
    fill = 0.0 if policies.gaps == "zero" else np.nan
    whole = np.full(int(starts[-1]), fill, np.float32)
    place = np.searchsorted(present, video)
    whole[starts[place] + day - first[place]] = views
    kept = videos.iloc[present].reset_index(drop=True)
    kept.insert(1, "first", first.astype(np.int64))
    return Panel(kept, whole, starts, policies.clock, tuple(notes))
