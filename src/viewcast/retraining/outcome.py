"""How a night can end, and the exit code that a scheduler gets for it."""

import time
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

Ending = Literal[
    "promoted", "nothing new", "not better", "days spent", "refused", "unreachable", "locked",
    "failed",
]  # fmt: skip

CODES: dict[Ending, int] = {
    "promoted": 0,
    "failed": 1,
    "nothing new": 10,
    "not better": 11,
    "days spent": 12,
    "refused": 20,
    "unreachable": 30,
    "locked": 40,
}
assert set(CODES) == set(get_args(Ending))


def ended(ending: Ending, reason: str, night: date, begun: float) -> dict[str, Any]:
    """The outcome of a night as plain values: the line of ``registry/outcomes.jsonl``.

    ``begun``: seconds on the monotonic clock.
    """
    return {
        "outcome": ending,
        "code": CODES[ending],
        "night": night.isoformat(),
        "reason": reason,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - begun, 1),
    }
