"""The journal of a night: what its steps did so far, so that it can go on after a kill.

The file exists while a night is not finished. A step is written down when it is done, and every
step can be repeated. A night that finds a journal goes on with the first step that is not in it.
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

    ``added``, ``corrected``: days that came in; corrections as plain values. ``age``, ``drift``,
    ``drifted``: the result of the check. ``stages``: of DVC, that ran. ``run_id``: of the night in
    MLflow. ``champion``: the version that was champion when the night began. ``challenger``: the
    content of ``challenger.json`` and its ``version``, or a ``reason`` where there is none.
    ``gated``: whether the evaluation has begun, which uses up the fresh days. ``gate``: the result
    of the evaluation.
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
        """The journal of an unfinished night; None if the last night is finished.

        Refuses (DataError) a damaged file.
        """
        file = journal_path(root)
        if not file.is_file():
            return None
        try:
            return cls(**json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{file}: damaged, or written by another version ({error}); remove it and run the "
                "night again: it starts anew, and only fresh days that it has already used are lost"
            ) from error

    def write(self, root: Path) -> None:
        """Store the present state."""
        write(journal_path(root), json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")

    @staticmethod
    def close(root: Path) -> None:
        """Remove the file: the night is finished."""
        remove(journal_path(root))

    @property
    def today(self) -> date:
        """The day of the night."""
        return date.fromisoformat(self.night)

    @property
    def fresh_days(self) -> int:
        """The number of fresh days."""
        span = date.fromisoformat(self.newest) - date.fromisoformat(self.fresh)
        return max(0, span.days + 1)
