"""What is asked of a panel: from so many days of a video, how many views in which days.

Shape letters: O outputs.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Task:
    """One row of the prepared table is a video at one moment: a window of days, and what follows.

    ``window``: days that are given. ``horizon``: the days after them that are asked. ``asked``:
    ``each`` of these days (O = horizon outputs), their ``sum``, or the ``total`` of window and
    horizon. ``moments``: ``sliding``: at every ``step``-th day of a video, counted back from its
    last; ``start``: once, when the window is the first days of the video. ``least_views``: of the
    window, views a day on average, below which a row is neither validated nor tested;
    ``least_views_train``: the same of training rows.
    """

    window: Count
    horizon: Count
    asked: Literal["each", "sum", "total"]
    moments: Literal["sliding", "start"]
    step: Count
    least_views: Annotated[float, Field(ge=0)]
    least_views_train: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _steps_meet_the_end(self) -> "Task":
        if self.moments == "sliding" and self.horizon % self.step:
            raise ValueError(
                f"step = {self.step} does not divide horizon = {self.horizon}: moments would not "
                "meet the days that validate and test"
            )
        return self

    @property
    def outputs(self) -> int:
        """O."""
        return self.horizon if self.asked == "each" else 1
