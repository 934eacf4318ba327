"""Promotion of a version to champion, and the rollback to the version before.

The line in ``registry/promotions.jsonl`` is written first and says what is about to happen. The
alias in the registry is set afterwards, in one call. A night that was killed between the two finds
the line and sets the alias.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import TrackingError
from viewcast.base.files import append, entries
from viewcast.base.paths import live_path, promotions_path
from viewcast.base.provenance import user
from viewcast.base.settings import Tracking
from viewcast.data import live
from viewcast.tracking.tags import MODEL, PROMOTED, REASON, TRAINED_TO, WHY
from viewcast.tracking.write.registry import Registry

ROLLBACK = "rollback"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Rollback:
    """``conf/rollback.yaml``. ``model_name``: of the registered model. ``reason``: for the log."""

    model_name: str
    reason: str | None
    tracking: Tracking


def promote(registry: Registry, root: Path, entry: dict[str, Any]) -> None:
    """Make ``entry['version']`` the champion.

    ``entry['id']`` identifies the promotion: it is written to the log once, however often this is
    called. Raises TrackingError where the registry cannot be reached.
    """
    log = promotions_path(root)
    if all(line["id"] != entry["id"] for line in entries(log)):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        append(log, {**entry, "who": user(), "when": now})
    tags = {PROMOTED: entry["night"], WHY: entry["why"], REASON: entry["reason"]}
    registry.tag(entry["version"], tags)
    registry.promote(entry["version"])


def roll_back(registry: Registry, root: Path, reason: str | None) -> dict[str, Any]:
    """Make the previous champion the champion again; returns the line of the log.

    Its forecasts count from the day after the newest of the live series. A second call goes one
    champion further back. Refuses (TrackingError) where there is no champion, or none before it.
    """
    champion = registry.champion()
    if champion is None:
        raise TrackingError(f"model {registry.name} has no champion; `make retrain` makes one")
    lines = entries(promotions_path(root))
    own = [line for line in lines if line["version"] == champion.number and line["why"] != ROLLBACK]
    if not own or own[-1]["previous"] is None:
        raise TrackingError(
            f"version {champion.number} of {registry.name} is the first champion: there is none to "
            "go back to; `make retrain` may promote a better one"
        )
    before = own[-1]["previous"]
    promised = next(line["promised"] for line in reversed(lines) if line["version"] == before)
    entry = {
        "id": f"rollback-{len(lines)}",
        "night": f"{newest_day(root) + timedelta(days=1)}",
        "version": before,
        "previous": champion.number,
        "model": registry.version(before).tags.get(MODEL, ""),
        "trained_to": registry.version(before).tags.get(TRAINED_TO, ""),
        "why": ROLLBACK,
        "reason": reason or f"version {champion.number} was taken back by hand",
        "promised": promised,
    }
    promote(registry, root, entry)
    return entry


def newest_day(root: Path) -> date:
    """The newest day of the live series."""
    newest: date = live.read(live_path(root)).index[-1].date()
    return newest
