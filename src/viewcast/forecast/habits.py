"""Changes of habit that a person has confirmed: from such a day on a channel is another one.

Two places hold them: ``habits`` in ``conf/data/live.yaml``, and ``nights/<channel>/habits.yaml``,
which ``viewcast habit`` writes.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base import files
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.parse import yaml_of
from viewcast.base.settings import construct


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Habit:
    """A change of habit. ``since``: its first day. ``why``: what changed, in a sentence."""

    since: date
    why: Annotated[str, Field(min_length=1)]

    def plain(self) -> dict[str, str]:
        """As plain values, for a file."""
        return {"since": self.since.isoformat(), "why": self.why}


def parsed(plain: Sequence[Any], where: str) -> list[Habit]:
    """Habits from plain values; refuses (ConfigError) a wrong one by its place."""
    return [construct(Habit, line, f"{where}[{place}]") for place, line in enumerate(plain)]


def read(path: Path) -> list[Habit]:
    """The habits of a file, none without it. Refuses (DataError) a damaged one."""
    if not path.is_file():
        return []
    try:
        return parsed(yaml_of(path.read_text(encoding="utf-8")) or [], path.name)
    except (ConfigError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: expected lines such as - {{since: 2026-08-24, why: ...}}, found another "
            f"shape ({error})"
        ) from error


def write(path: Path, habits: Sequence[Habit]) -> None:
    """Replace a file by these habits."""
    plain = [habit.plain() for habit in habits]
    files.write(path, yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def together(*known: Sequence[Habit]) -> list[Habit]:
    """All habits by day; of two with the same day the last one."""
    return [habit for _, habit in sorted({h.since: h for each in known for h in each}.items())]
