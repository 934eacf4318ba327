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
from viewcast.base.parse import json_of
from viewcast.base.paths import night_path


@dataclass
class Journal:
    """``night``: its day. ``newest``: the newest day of the series. ``begun``: the earlier
    night that was killed, and whose work this one has taken over; None for none.

    ``added``, ``corrected``: days that came in; corrections as plain values. ``remarks``: what a
    reader must know of the days. ``age``, ``drift``, ``drifted``: the result of the check.
    ``run_id``: of the night in MLflow. ``stages``: of DVC, that ran. ``gate``: the champion among
    recipes and the evidence. ``version``: of tonight's refit in the registry. ``former``: the one
    that served before. ``guard``: whether it may serve, and why. From then on the night is decided:
    it is finished with its own days, whatever comes.
    """

    night: str
    newest: str
    added: list[str]
    corrected: list[dict[str, Any]]
    remarks: list[str]
    age: int
    drift: list[dict[str, Any]]
    drifted: bool
    begun: str | None = None
    run_id: str | None = None
    stages: list[str] = field(default_factory=list)
    gate: dict[str, Any] | None = None
    version: int | None = None
    former: int | None = None
    guard: dict[str, Any] | None = None

    @classmethod
    def read(cls, root: Path, channel: str) -> Self | None:
        """The journal of an unfinished night; None if the last night is finished.

        Refuses (DataError) a damaged file.
        """
        file = night_path(root, channel)
        if not file.is_file():
            return None
        try:
            return cls(**json_of(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{file}: damaged, or written by another version ({error}); remove it and run the "
                "night again: it starts anew"
            ) from error

    def write(self, root: Path, channel: str) -> None:
        """Store the present state."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
        write(night_path(root, channel), text)

    @staticmethod
    def close(root: Path, channel: str) -> None:
        """Remove the file: the night is finished."""
        remove(night_path(root, channel))

    @property
    def decided(self) -> bool:
        """Whether it is decided what serves."""
        return self.guard is not None

    @property
    def today(self) -> date:
        """The day of the night."""
        return date.fromisoformat(self.night)
