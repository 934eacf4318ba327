"""``reports/retraining.json``: the history of champions, its typed shape, read and written here.

The retraining writes the file each night (``viewcast.retraining.champion_history``), and pictures,
page and other tools read it. It is optional: a project that never retrained has none. Losses are
means of one day ahead, in ``loss_unit``; ``low`` and ``high`` are the ends of an interval at
``level``. Unknown keys are ignored.
"""

import json
from dataclasses import asdict
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.paths import retraining_path

COMMAND = "make retrain"
WEEK = 7  # fewer days say nothing of a champion: weekdays differ

PromiseStatus = Literal["kept", "broken", "unclear", "too early"]


@dataclass(frozen=True)
class Estimate:
    """A mean loss over ``days`` days, with its interval where there are enough days for one."""

    mean: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    days: int

    @property
    def upper(self) -> float:
        """The upper end of the interval, or the mean without one."""
        return self.mean if self.high is None else self.high

    @property
    def lower(self) -> float:
        """The lower end of the interval, or the mean without one."""
        return self.mean if self.low is None else self.low


@dataclass(frozen=True)
class Champion:
    """A champion from its promotion until the next one (``until``; None: it is still champion).

    ``promised``: its loss on fresh days before the promotion. ``realised``: on the days after it.
    """

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
        """Its name in sentences."""
        return f"version {self.version} ({self.model.replace('_', ' ')})"

    @property
    def promise_status(self) -> PromiseStatus:
        """Whether the realised loss kept the promise.

        "kept": the realised mean is not above the promised interval. "broken": the whole realised
        interval lies above it. "unclear": in between. "too early": fewer than 7 realised days.
        """
        realised, limit = self.realised, self.promised.upper
        if realised is None or realised.days < WEEK:
            return "too early"
        if realised.mean <= limit:
            return "kept"
        return "broken" if realised.low is not None and realised.low > limit else "unclear"


@dataclass(frozen=True)
class Day:
    """A day with the forecast of the version that was champion on its morning."""

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
    """An evaluation on fresh days; losses are infinite where the challenger diverged."""

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
    """The loss of a recipe in a past week of the walk-forward; naive: same weekday before."""

    week: date
    model: str
    loss: FiniteFloat
    naive: FiniteFloat
    days: int


@dataclass(frozen=True)
class Coverage:
    """The share ``covered`` of days that lay in intervals of nominal coverage ``level``.

    ``error``: its standard error.
    """

    level: float
    covered: float
    error: float | None
    days: int


@dataclass(frozen=True)
class ChampionHistory:
    """The whole file. Lists are in order of time, the newest last.

    ``format``: the number of this shape. Files of version 0.1.0 have the same shape and no number.
    """

    label: str
    loss: str
    unit: str
    loss_unit: str
    name: str
    newest: date
    level: float
    error_rate: float
    champions: list[Champion]
    daily: list[Day]
    gates: list[Gate]
    nights: list[Night]
    walk_forward: list[Week]
    coverage: Coverage | None
    format: Literal[1] = 1

    @property
    def current(self) -> Champion | None:
        """The version that is champion now."""
        return self.champions[-1] if self.champions else None

    @cached_property
    def days(self) -> pd.DataFrame:
        """version, views, predicted, loss, naive_loss by day; absent without a forecast."""
        columns = ["day", "version", "views", "predicted", "loss", "naive_loss"]
        table = pd.DataFrame([asdict(day) for day in self.daily], columns=columns)
        table["day"] = pd.to_datetime(table["day"])
        return table.drop_duplicates("day", keep="last").set_index("day").sort_index()


def parsed(plain: dict[str, Any]) -> ChampionHistory:
    """A history from plain values. Refuses (DataError) a wrong shape, by its place."""
    try:
        return TypeAdapter(ChampionHistory).validate_python(plain)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise DataError(f"{where}: {problem['msg']}, found {problem['input']!r:.60}") from error


def read(root: Path) -> ChampionHistory | None:
    """The history, None where no night was ever run.

    Refuses (DataError) a damaged file, and one of a later format.
    """
    path = retraining_path(root)
    if not path.is_file():
        return None
    try:
        return parsed(json.loads(path.read_text(encoding="utf-8")))
    except (DataError, ValueError) as error:
        raise DataError(
            f"{path}: damaged, or of another version ({error}); `{COMMAND}` writes it anew"
        ) from error


def write(history: ChampionHistory, root: Path) -> None:
    """Write the file, replaced whole."""
    text = json.dumps(asdict(history), indent=1, ensure_ascii=False, default=date.isoformat)
    files.write(retraining_path(root), text + "\n")
