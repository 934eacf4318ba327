"""The journal of a night: what it has found out so far, so that it can go on after a kill.

The file exists while a night is not over. A step writes down what it did when it has done it, and
each can be done again: whoever finds a journal goes on with the first step that is not in it.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

from viewcast.base.errors import DataError
from viewcast.base.files import remove, write
from viewcast.base.paths import journal_path


@dataclass
class Journal:
    """``night``: its day. ``newest``: the newest day of the series, ``fresh``: the first fresh one.

    ``added``, ``corrected``: what came in (days; corrections as plain values). ``age``, ``drift``,
    ``drifted``: what the check saw. ``run_id``: of the night in MLflow. ``champion``: the version
    that reigned when it began. ``challenger``: what the challenger is, and its ``version``; a
    ``reason`` where there is none. ``gated``: whether fresh days have been looked at. ``gate``: the
    judgement. ``stages``: of DVC, that ran.
    """

    night: str
    newest: str
    fresh: str
    added: list[str]
    corrected: list[dict[str, Any]]
    age: int
    drift: list[dict[str, Any]]
    drifted: bool
    champion: int | None = None
    run_id: str | None = None
    stages: list[str] = field(default_factory=list)
    challenger: dict[str, Any] | None = None
    gated: bool = False
    gate: dict[str, Any] | None = None

    @classmethod
    def read(cls, root: Path) -> Self | None:
        """The night that is not over; None if the last one is. Refuses (DataError) damage."""
        file = journal_path(root)
        if not file.is_file():
            return None
        try:
            return cls(**json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{file}: damaged, or of another version ({error}); remove it: the night begins "
                "anew and nothing is lost but days it may have looked at"
            ) from error

    def write(self, root: Path) -> None:
        """Keep what is known by now."""
        write(journal_path(root), json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")

    @staticmethod
    def close(root: Path) -> None:
        """The night is over."""
        remove(journal_path(root))

    @property
    def today(self) -> date:
        """The day of the night."""
        return date.fromisoformat(self.night)

    @property
    def fresh_days(self) -> int:
        """How many fresh days there are."""
        span = date.fromisoformat(self.newest) - date.fromisoformat(self.fresh)
        return max(0, span.days + 1)
