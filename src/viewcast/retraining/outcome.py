"""How a night can end, and the exit code that a scheduler gets for it."""

import time
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

Ending = Literal[
    "served", "nothing new", "kept", "promoted", "refused", "unreachable", "locked", "failed"
]

CODES: dict[Ending, int] = {
    "served": 0,  # a new version serves, or waits for approval: the ordinary night
    "failed": 1,
    "nothing new": 10,
    "kept": 11,  # the guard kept last night's version
    "promoted": 13,  # a new version serves, and another recipe has become champion
    "refused": 20,
    "unreachable": 30,
    "locked": 40,
}
assert set(CODES) == set(get_args(Ending))


def ended(ending: Ending, reason: str, night: date, begun: float) -> dict[str, Any]:
    """The outcome of a night as plain values: the line of ``outcomes.jsonl``.

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
