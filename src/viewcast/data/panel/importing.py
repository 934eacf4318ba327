"""The import of a panel: a checked table is copied into the project, byte for byte."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from viewcast.base import folders
from viewcast.base.errors import DataError
from viewcast.base.folders import Kind
from viewcast.base.quoted import quoted
from viewcast.data.panel.held_out import PanelSplit
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers.batches import files_in

IMPORT = Kind("import")
FEWEST = 4  # videos, below which one model for all of them has nothing to learn from
MOST_SPANS = 10
ROUNDED = 1e-5  # of sums of views, which are kept in single precision
COUNTER = 0.02  # share of all changes of views that are falls, below which a counter counts them


def copied(source: Path, into: Path, root: Path) -> None:
    """Copy the tables of a source to the folder ``into``, an earlier import there is replaced.

    Refuses (ConfigError) a folder outside of the project, or one that holds anything else.
    """
    with folders.replacing(root, into, IMPORT) as new:
        for file in files_in(source):
            place = new / (file.name if source.is_file() else file.relative_to(source))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def spans(panel: Panel, week: PanelSplit) -> dict[str, Any]:
    """How many horizons at the end of a panel validate and test, by how long it is.

    At most half of those that one window and one training row leave free validate, a quarter is the
    test. Refuses (DataError) fewer than ``FEWEST`` videos that are long enough, with the days that
    it takes.
    """
    task = week.task
    least = task.window + 3 * task.horizon
    long = panel.days[panel.days >= least]
    if len(long) < FEWEST:
        raise DataError(
            f"found {len(long)} of {len(panel)} videos with {least} days or more, expected "
            f"{FEWEST} of them: {task.window} days given, and {task.horizon} each to train, to "
            f"validate and to test; the longest has {int(panel.days.max())} days"
        )
    free = int((np.median(long) - task.window - task.horizon) // task.horizon)
    return {
        "validation_spans": max(1, min(MOST_SPANS, free // 2)),
        "test_spans": max(1, min(MOST_SPANS // 2, free // 4)),
    }


def refuse_counter(panel: Panel, source: Path) -> None:
    """Refuse (DataError) a panel whose views never fall: they are those of counters."""
    steps = np.diff(panel.views)
    steps[panel.starts[1:-1] - 1] = 0  # from one video to the next
    falls, changes = int((steps < 0).sum()), int(((steps < 0) | (steps > 0)).sum())
    if changes > len(panel) and falls < COUNTER * changes:
        raise DataError(
            f"{source}: of {changes:,} changes of views {falls:,} are falls, as of counters "
            "that only grow; type data.reader.cumulative=true data.reader.negative=missing, which "
            "takes the steps from day to day"
        )


def refuse_other_steps(panel: Panel, source: Path) -> None:
    """Refuse (DataError) a panel of which most rows are not a day apart: a table by week."""
    known = np.flatnonzero(np.isfinite(panel.views))
    video = np.searchsorted(panel.starts, known, side="right")
    steps = np.diff(known)[np.diff(video) == 0]
    if len(steps) and np.median(steps) > 1:
        raise DataError(
            f"{source}: the rows of a video are {np.median(steps):g} days apart, expected one for "
            "each day; if a day without views has no row, type data.reader.gaps=zero"
        )


def refuse_totals(panel: Panel, source: Path) -> None:
    """Refuse (DataError) a panel of which one row, or video, is the sum of all others each day."""
    if len(panel) < FEWEST:
        return
    views = np.nan_to_num(panel.views.astype(np.float64))
    first = panel.videos["first"].to_numpy(np.int64)
    day = np.arange(len(views)) - np.repeat(panel.starts[:-1] - first, panel.days)
    total = np.bincount(day - day.min(), views)
    most = int(np.add.reduceat(views, panel.starts[:-1]).argmax())
    own = views[panel.starts[most] : panel.starts[most + 1]]
    others = total[first[most] - day.min() :][: len(own)] - own
    if np.allclose(own, others, rtol=ROUNDED, atol=0) and own.any():
        raise DataError(
            f"{source}: the views of {quoted(str(panel.videos['video'][most]))} are the sums of "
            "those of all other videos, day by day: take this row of totals out"
        )


def summary(panel: Panel) -> list[str]:
    """What is told of an imported panel."""
    first = panel.videos["first"].to_numpy()
    last = first + panel.days - 1
    ends = panel.times(np.array([first.min(), last.max()]))
    word = "days" if panel.clock == "age" else ""
    return [
        f"{len(panel):,} videos, {int(panel.days.sum()):,} days of them, {word} {ends[0]} to "
        f"{ends[1]}".replace("  ", " "),
        *panel.notes,
    ]
