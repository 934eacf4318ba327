"""The champions among the recipes, from the first night on: ``nights/<channel>/promotions.jsonl``.

The combination begins. Only the gate ends a reign (``viewcast.retraining.gate``). The same file
holds what people do by hand: approvals and rollbacks of versions.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from viewcast.base.files import append, entries
from viewcast.base.paths import reigns_path
from viewcast.base.provenance import user
from viewcast.forecast.ledger import COMBINATION
from viewcast.retraining.gate import Decision

GATE = "gate"  # the kind of line that the gate writes


@dataclass(frozen=True)
class Reign:
    """``recipe`` is champion from ``night`` on (None: from the first). ``number``: 0, 1, …

    ``since``: the last day of the week that decided; None for the first reign.
    """

    recipe: str
    number: int
    night: date | None
    since: date | None
    why: str


def reigns(root: Path, channel: str) -> list[Reign]:
    """All reigns, the oldest first; at least one."""
    first = Reign(COMBINATION, 0, None, None, "the combination serves from the first night on")
    lines = [line for line in entries(reigns_path(root, channel)) if line["kind"] == GATE]
    return [
        first,
        *(
            Reign(
                line["recipe"],
                number,
                date.fromisoformat(line["night"]),
                date.fromisoformat(line["last"]),
                line["reason"],
            )
            for number, line in enumerate(lines, start=1)
        ),
    ]


def crown(root: Path, channel: str, night: date, former: str, decision: Decision) -> None:
    """Write down that the gate has promoted a recipe."""
    assert decision.promote is not None and decision.last is not None
    note(
        root,
        channel,
        {
            "kind": GATE,
            "id": f"gate-{decision.last.isoformat()}",
            "night": night.isoformat(),
            "recipe": decision.promote,
            "previous": former,
            "last": decision.last.isoformat(),
            "reason": decision.reason,
        },
    )


def note(root: Path, channel: str, entry: dict[str, Any]) -> None:
    """Add a line, if none has its ``id`` yet."""
    log = reigns_path(root, channel)
    if all(line["id"] != entry["id"] for line in entries(log)):
        when = datetime.now(UTC).isoformat(timespec="seconds")
        append(log, {**entry, "who": user(), "when": when})
