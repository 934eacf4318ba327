"""What a referee says: one bit to a submission, one estimate at the end; and how it refuses."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from viewcast.base.errors import DataError
from viewcast.base.numbers import short


@dataclass(frozen=True)
class Answer:
    """``accepted``: the submission is the best so far (where it explores: it is kept, and nothing
    is said of better). ``left``: answers that are left. There is no score. ``replaced``: equal
    predictions were accepted before, and others have been since: whoever kept these again would
    fall back behind the verdict.
    """

    accepted: bool
    left: int
    replaced: bool = False

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON; ``replaced`` only where it is so."""
        told = {"accepted": self.accepted, "left": self.left}
        return {**told, "replaced": True} if self.replaced else told


@dataclass(frozen=True)
class Verdict:
    """The gain of the last accepted submission over the first, in the metric's unit; positive is
    better. ``estimate``, with its 95 % interval ``low`` to ``high``: from the hidden rows.
    ``claimed``: the gain on the rows that judged, which chose. ``acceptances``: after the first.
    The estimate and its ends are NaN where a submission has no finite score on the hidden rows.
    """

    estimate: float
    low: float
    high: float
    claimed: float
    acceptances: int

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON; None in the place of NaN."""
        return {key: None if math.isnan(value) else value for key, value in asdict(self).items()}

    def __str__(self) -> str:
        if not self.acceptances:
            return "no step was taken after the first submission: no gain is claimed"
        if math.isnan(self.estimate):
            return (
                "no gain is claimed: the first or the last accepted submission has no finite score "
                f"on the hidden rows; the rows that judged claim {short(self.claimed)}, after "
                f"{self._steps}"
            )
        return (
            f"gain {short(self.estimate)}, 95 % interval {short(self.low)} to {short(self.high)}, "
            f"from hidden rows, after {self._steps}; the rows that judged claim "
            f"{short(self.claimed)}"
        )

    @property
    def _steps(self) -> str:
        """In either mode: one that explores keeps, and accepts nothing as better."""
        return "1 step" if self.acceptances == 1 else f"{self.acceptances} steps"


class RefusedError(DataError):
    """Predictions cannot be judged; they are not counted. No word of it depends on targets."""


class SpentError(RefusedError):
    """All answers have been given: new rows are needed, or the verdict is asked for."""


class ClosedError(RefusedError):
    """The hidden rows have been read: they are used up, and nothing is judged on any rows."""
