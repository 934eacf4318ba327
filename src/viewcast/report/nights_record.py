"""``reports/retraining.json``: what the nights of one channel have found, its typed shape.

A night writes the file (``viewcast.retraining.record``); pictures, page, notes and other tools read
it. Views are in ``unit``; ends of intervals are at ``level``. Lists are in order of time, the
newest last. Unknown keys are ignored.
"""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.parse import json_of
from viewcast.base.paths import retraining_path

COMMAND = "make retrain"


@dataclass(frozen=True)
class DayAhead:
    """The forecast of one day; the ends of its interval where there is one."""

    day: date
    views: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None


@dataclass(frozen=True)
class Total:
    """The forecast of the sum of the days from ``first`` to ``last``."""

    first: date
    last: date
    views: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None


@dataclass(frozen=True)
class PastDay:
    """A day that came, and its forecast of the evening before (``ahead`` = 1).

    ``naive``: the views of the same weekday a week before. ``backtest``: whether the forecast was
    made after the day, from earlier days only.
    """

    day: date
    views: FiniteFloat
    forecast: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    naive: FiniteFloat | None
    backtest: bool


@dataclass(frozen=True)
class Coverage:
    """The share ``covered`` of ``count`` cases in their interval, with its standard error.

    ``of``: "1" to "H" for a day of the horizon, "path" for all H days of one origin at once,
    "total" for their sum.
    """

    of: str
    covered: FiniteFloat
    error: FiniteFloat | None
    count: int


@dataclass(frozen=True)
class RecipeErrors:
    """How a recipe has done over ``weeks`` judged weeks, ``backtest_weeks`` of them a backtest.

    ``mase``: mean absolute error over that of the seasonal naive forecast, ``mase_error`` its
    standard error. ``loss``: mean absolute error a day. ``e``: the evidence that it is better than
    the champion (None for the champion). ``in_set``: whether it may still be the best.
    ``sentence``: what its evidence means, such as "would need about 31 more weeks at this rate".
    """

    name: str
    mase: FiniteFloat
    mase_error: FiniteFloat | None
    loss: FiniteFloat
    weeks: int
    backtest_weeks: int
    e: FiniteFloat | None
    in_set: bool
    sentence: str


@dataclass(frozen=True)
class WeekOfEvidence:
    """The evidence against the champion after one judged week: by challenger, and their mean."""

    last: date
    e: dict[str, FiniteFloat]
    mean: FiniteFloat


@dataclass(frozen=True)
class Reign:
    """A recipe that served from ``since`` on; ``why`` in a sentence."""

    recipe: str
    since: date
    why: str


@dataclass(frozen=True)
class Alarm:
    """A change of habit that the kept errors show, or that a person has confirmed.

    ``since``: its likely first day. ``rebased``: the forecast with the history moved to the new
    habit, beside the one that serves. ``confirmed``: whether a person has said so; then it serves.
    """

    since: date
    sentence: str
    confirmed: bool
    rebased: list[DayAhead]


@dataclass(frozen=True)
class Night:
    """How a night ended."""

    night: date
    outcome: str
    code: int
    reason: str


@dataclass(frozen=True)
class NightsRecord:
    """The whole file.

    ``channel``: name of the folder under ``nights``. ``label``: how pages call it. ``name``,
    ``version``: of the registered model that serves. ``served``: which recipes, and why these, in a
    sentence. ``claim``: False where the history is too short to say how good the forecast is.
    ``remarks``: sentences on the days (bridged gaps, changes of the meaning of views).
    ``threshold``: of the evidence. ``evidence_sentence``: where the evidence stands, in words.
    """

    channel: str
    label: str
    metric: str
    unit: str
    name: str
    version: int | None
    night: date
    newest: date
    level: float
    served: str
    claim: bool
    days: list[DayAhead]
    total: Total
    past: list[PastDay]
    coverage: list[Coverage]
    recipes: list[RecipeErrors]
    threshold: float
    evidence: list[WeekOfEvidence]
    evidence_sentence: str
    reigns: list[Reign]
    alarms: list[Alarm]
    remarks: list[str]
    nights: list[Night]
    format: Literal[2] = 2


def parsed(plain: dict[str, Any]) -> NightsRecord:
    """A record from plain values. Refuses (DataError) a wrong shape, by its place."""
    try:
        return TypeAdapter(NightsRecord).validate_python(plain)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the record"
        raise DataError(f"{where}: {problem['msg']}, found {problem['input']!r:.60}") from error


def read(root: Path) -> NightsRecord | None:
    """The record, None where no night was ever run.

    None as well for a file of the former format, which told of frozen champions: the next night
    writes it anew, and until then the report has nothing to say of nights. Refuses (DataError) a
    damaged file.
    """
    path = retraining_path(root)
    if not path.is_file():
        return None
    try:
        plain = json_of(path.read_text(encoding="utf-8"))
        return None if _former(plain) else parsed(plain)
    except (DataError, ValueError) as error:
        raise DataError(
            f"{path}: damaged, or of another version ({error}); `{COMMAND}` writes it anew"
        ) from error


def write(record: NightsRecord, root: Path) -> None:
    """Write the file, replaced whole."""
    text = json.dumps(asdict(record), indent=1, ensure_ascii=False, default=date.isoformat)
    files.write(retraining_path(root), text + "\n")


def _former(plain: Any) -> bool:
    """Whether a file is of format 1, of which the oldest had no number."""
    return isinstance(plain, dict) and "champions" in plain and plain.get("format", 1) == 1
