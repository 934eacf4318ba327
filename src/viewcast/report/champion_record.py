"""The history of champions as retraining leaves it, read for the pictures and the page.

``reports/retraining.json`` is optional: a project that never retrained has none, and the report is
what it is without. Losses are means of one day ahead, in ``loss_unit``; ``low`` and ``high`` are
the ends of an interval at ``level``. Keys that are not named here are left alone.
"""

import json
from dataclasses import asdict
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.base.paths import retraining_path

COMMAND = "make retrain"
WEEK = 7  # days that a champion is judged by at least: weekdays are not alike

Word = Literal["kept", "broken", "unclear", "too early"]


@dataclass(frozen=True)
class Estimate:
    """A mean loss over ``days``, and its interval where there are enough of them for one."""

    mean: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    days: int

    @property
    def most(self) -> float:
        """The upper end of what was said."""
        return self.mean if self.high is None else self.high

    @property
    def least(self) -> float:
        """The lower end of what was said."""
        return self.mean if self.low is None else self.low


@dataclass(frozen=True)
class Reign:
    """A champion from its promotion to the next one (``until``; None: it still reigns)."""

    version: int
    model: str
    promoted: date
    trained_to: str
    why: str
    reason: str
    promised: Estimate
    realised: Estimate | None
    until: date | None

    @property
    def name(self) -> str:
        """How it is called in sentences."""
        return f"version {self.version} ({self.model.replace('_', ' ')})"

    @property
    def word(self) -> Word:
        """Whether it kept its word: by the mean, and broken only if the interval leaves no way out.

        A mean not above the promised interval is a word that was kept. If the whole interval of
        what came true lies above it, it was broken. Else it cannot be told.
        """
        came = self.realised
        if came is None or came.days < WEEK:
            return "too early"
        if came.mean <= self.promised.most:
            return "kept"
        return "broken" if came.low is not None and came.low > self.promised.most else "unclear"


@dataclass(frozen=True)
class Day:
    """A day that the champion of that morning forecast."""

    day: date
    version: int
    views: FiniteFloat
    predicted: FiniteFloat
    loss: FiniteFloat
    naive_loss: float | None


@dataclass(frozen=True)
class Difference:
    """Challenger less champion: below 0 where the challenger is better; ``p``: one-sided."""

    mean: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Gate:
    """A judgement on fresh days; infinite where the challenger diverged."""

    night: date
    first: date
    last: date
    days: int
    champion: int | None
    challenger: int
    challenger_model: str
    champion_loss: float | None
    challenger_loss: float | None
    difference: Difference | None
    why: str
    reason: str

    @property
    def passed(self) -> bool:
        """Whether the challenger became champion."""
        return self.why != "kept"


@dataclass(frozen=True)
class Night:
    """How a night ended."""

    night: date
    outcome: str
    code: int
    reason: str


@dataclass(frozen=True)
class Week:
    """What a recipe would have lost in a week, had it been in use; naive: same weekday before."""

    week: date
    model: str
    loss: FiniteFloat
    naive: FiniteFloat
    days: int


@dataclass(frozen=True)
class Coverage:
    """The share of days that lay in intervals made for ``level`` of them; ``error``: standard."""

    level: float
    covered: float
    error: float | None
    days: int


@dataclass(frozen=True)
class History:
    """All that is told of a retrained channel; lists in order of time, the newest last."""

    label: str
    loss: str
    unit: str
    loss_unit: str
    name: str
    newest: date
    level: float
    error_rate: float
    champions: list[Reign]
    daily: list[Day]
    gates: list[Gate]
    nights: list[Night]
    walk_forward: list[Week]
    coverage: Coverage | None

    @property
    def reigning(self) -> Reign | None:
        """Who forecasts now."""
        return self.champions[-1] if self.champions else None

    @cached_property
    def days(self) -> pd.DataFrame:
        """version, views, predicted, loss, naive_loss by day, days in between missing."""
        columns = ["day", "version", "views", "predicted", "loss", "naive_loss"]
        table = pd.DataFrame([asdict(day) for day in self.daily], columns=columns)
        table["day"] = pd.to_datetime(table["day"])
        return table.drop_duplicates("day", keep="last").set_index("day").sort_index()


def read(root: Path) -> History | None:
    """The history, None where nothing was ever retrained; refuses (DataError) a damaged file."""
    path = retraining_path(root)
    if not path.is_file():
        return None
    try:
        return TypeAdapter(History).validate_python(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        said = f"{where}: {problem['msg']}, found {problem['input']!r:.60}"
    except (ValueError, UnicodeDecodeError) as error:
        said = str(error)
    raise DataError(f"{path}: damaged ({said}); `{COMMAND}` writes it anew")
