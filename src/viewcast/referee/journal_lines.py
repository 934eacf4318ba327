"""What the lines of a referee's journal say: submissions, notes, and that it closes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from viewcast.referee.record import Submitted

KIND, SUBMISSION, NOTE, CLOSING = "kind", "submission", "note", "closing"


def submission(submitted: Submitted) -> dict[str, Any]:
    """The line of a counted submission."""
    return {KIND: SUBMISSION, **asdict(submitted)}


def note(sentence: str, time: int) -> dict[str, Any]:
    """The line of what weakens the verdict; ``time`` in milliseconds since 1970."""
    return {KIND: NOTE, "sentence": sentence, "time": time}


def closing(by: str, time: int) -> dict[str, Any]:
    """The last line: who closes, and when."""
    return {KIND: CLOSING, "by": by, "time": time}


@dataclass
class Told:
    """What all lines say; ``closing``: the last one, None while the referee is open."""

    submissions: list[Submitted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closing: Mapping[str, Any] | None = None

    def take(self, line: Mapping[str, Any]) -> Submitted | None:
        """Add what the next line says; the submission, if it is one.

        Raises ValueError, TypeError or LookupError for a line that cannot stand there.
        """
        if self.closing is not None:
            raise ValueError("a line behind the closing")
        said = {name: value for name, value in line.items() if name != KIND}
        if line[KIND] == NOTE:
            self.notes.append(str(said["sentence"]))
        elif line[KIND] == CLOSING:
            self.closing = said
        elif line[KIND] == SUBMISSION:
            submitted = Submitted(**said)
            if submitted.number != len(self.submissions) + 1:
                raise ValueError(f"the number {submitted.number}")
            self.submissions.append(submitted)
            return submitted
        else:
            raise ValueError(f"{line[KIND]!r} is unknown")
        return None

    def end(self) -> tuple[int, str]:
        """When it was closed, in milliseconds since 1970, and by whom."""
        assert self.closing is not None, "asked of a referee that is closed"
        return self.closing["time"], self.closing["by"]
