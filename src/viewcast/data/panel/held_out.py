"""Which rows of a panel train, which validate and which are the test: by video, by day, by both."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.data.panel.task import Task


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PanelSplit:
    """A task, and what is new in validation and test.

    ``new``: ``videos``: other videos than those that train; ``days``: later days, so that no
    training row is told of a target day of validation or test; ``both``. ``folds``: videos are
    dealt into so many by a hash of their name and ``seed``: it does not depend on their order, and
    a new video moves no other. ``validation``, ``test``: the folds (from 0) that are held out where
    videos are new. ``validation_moments``, ``test_moments``: where days are new, the newest moments
    of each video that test, and those before them that validate. ``cluster``: which rows are alike,
    so that errors resample them together: rows of one ``entity`` (a video), of one ``time`` (a
    day), or ``both``; as what is new, unless the clock of the panel is the age of each video.
    """

    task: Task
    new: Literal["videos", "days", "both"]
    cluster: Literal["entity", "time", "both"]
    folds: Annotated[int, Field(ge=3)]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    validation_moments: Annotated[int, Field(ge=1)]
    test_moments: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
