"""The health check: does the nightly retraining still run, and does it end as it should?

A scheduler that has stopped reports nothing, so another program has to check the age of the newest
outcome. Every night adds a line to the log of outcomes. A night that found another one at work adds
none, so a night that hangs and keeps the lock is noticed too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import DataError, ViewcastError
from viewcast.base.parse import json_of
from viewcast.base.paths import nights_log_path
from viewcast.retraining.outcome import CODES

KEYS = ("finished", "outcome", "code", "night", "reason")
GOOD = frozenset(CODES[good] for good in ("served", "promoted", "nothing new"))
IDLE = frozenset({CODES["locked"]})  # the night did not start
CLOCK_SKEW = timedelta(hours=1)  # the clock of the retraining machine may be ahead by this
REMEDY = "look at what the scheduler logged, then run `python pipelines/retrain.py` by hand"


class StaleError(ViewcastError):
    """The nightly retraining has not ended well for too long."""


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class HealthCheck:
    """``conf/healthcheck.yaml``. ``max_age_hours``: of the last outcome, and of the last good one.

    ``channel``: whose nights are asked for. ``outcomes``: another file of outcomes, relative to the
    project; null for that of the channel.
    """

    max_age_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    channel: str
    outcomes: str | None

    def path(self, root: Path) -> Path:
        """The log of outcomes."""
        if self.outcomes is None:
            return nights_log_path(root, self.channel)
        return root / self.outcomes


@dataclass(frozen=True)
class Outcome:
    """How one night ended. ``finished``: with an offset from UTC."""

    finished: datetime
    outcome: str
    code: int
    night: date
    reason: str


def check_health(outcomes: Sequence[Outcome], max_age_hours: float, now: datetime) -> str:
    """One sentence about the newest outcome, if all is well.

    ``now``: with an offset from UTC. Raises StaleError where there is no outcome, the newest is
    older than ``max_age_hours``, or the newest is not good and no good one (served, promoted,
    nothing new) is younger than that; before the first good one, the first outcome counts in its
    place. A night that the guard kept back is not good: users get an older forecast. Raises
    DataError where the newest lies in the future: it would hide a failure.
    """
    nights = [outcome for outcome in outcomes if outcome.code not in IDLE]
    nights.sort(key=lambda outcome: outcome.finished)
    allowed = f"{max_age_hours:g} hours"
    if not nights:
        raise StaleError(f"no night has ended yet; expected one in {allowed}; {REMEDY}")
    newest, limit = nights[-1], timedelta(hours=max_age_hours)
    if newest.finished > now + CLOCK_SKEW:
        raise DataError(
            f"the last outcome is of {newest.finished.isoformat()}, but it is {now.isoformat()}; "
            "expected a time in the past; correct the clock of this machine, or of the machine "
            "that retrains"
        )
    sentence = _sentence(newest, now)
    if now - newest.finished > limit:
        raise StaleError(f"nothing has ended for more than {allowed}; {sentence}; {REMEDY}")
    good = [outcome.finished for outcome in nights if outcome.code in GOOD]
    since = good[-1] if good else nights[0].finished
    if newest.code not in GOOD and now - since > limit:
        ago = f"the last good one is {_hours(now - since)} old" if good else "none was ever good"
        raise StaleError(f"no night has been good for more than {allowed}: {ago}; {sentence}")
    return sentence


def read(path: Path) -> list[Outcome]:
    """The outcomes in a log, one line of JSON each, in its order; empty without the log.

    A last line that is no JSON is ignored: a crash cut it off. Refuses (DataError) any other line
    that is not an outcome.
    """
    if not path.is_file():
        return []
    lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    outcomes = []
    for number, line in enumerate(lines, start=1):
        try:
            parsed = json_of(line)
        except ValueError as error:
            if number == len(lines):
                break
            raise _refusal(path, number, f"{line[:60]!r}, which is no JSON") from error
        outcomes.append(_outcome(parsed, path, number))
    return outcomes


def _outcome(parsed: Any, path: Path, number: int) -> Outcome:
    missing = [key for key in KEYS if key not in parsed] if isinstance(parsed, dict) else list(KEYS)
    if missing:
        raise _refusal(path, number, f"no {', '.join(missing)}")
    code = parsed["code"]
    if type(code) is not int or code not in CODES.values():
        known = ", ".join(map(str, CODES.values()))
        raise _refusal(path, number, f"code {code!r}, which is none of {known}")
    try:
        finished = datetime.fromisoformat(parsed["finished"])
        night = date.fromisoformat(parsed["night"])
    except (TypeError, ValueError) as error:
        raise _refusal(path, number, f"a time that is not one of ISO 8601 ({error})") from error
    if finished.utcoffset() is None:
        raise _refusal(path, number, f"{parsed['finished']!r} without its offset from UTC")
    return Outcome(finished, str(parsed["outcome"]), code, night, str(parsed["reason"]))


def _refusal(path: Path, number: int, found: str) -> DataError:
    return DataError(
        f"{path}, line {number}: found {found}; expected an object with {', '.join(KEYS)}; "
        "only `python pipelines/retrain.py` writes this file: restore it from a copy, or from "
        "the branch of the nights"
    )


def _sentence(newest: Outcome, now: datetime) -> str:
    reason = " ".join(newest.reason.split())  # an error message may have many lines
    return (
        f"last outcome, of the night {newest.night}, {_hours(now - newest.finished)} ago: "
        f"{newest.outcome} (exit code {newest.code}): {reason}"
    )


def _hours(span: timedelta) -> str:
    return f"{max(span / timedelta(hours=1), 0):.1f} hours"
