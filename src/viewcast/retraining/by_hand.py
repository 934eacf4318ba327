"""What a person decides: the version before serves again, or the version that waits serves.

The line in ``nights/<channel>/promotions.jsonl`` is written first and says what is about to happen.
The alias in the registry is set afterwards, in one call.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import TrackingError
from viewcast.base.files import entries
from viewcast.base.paths import days_path, night_lock_path, reigns_path
from viewcast.base.settings import Tracking
from viewcast.data import live
from viewcast.retraining.lock import held
from viewcast.retraining.reigns import note
from viewcast.retraining.settings import model_name
from viewcast.tracking.tags import MEMBERS, SERVED_FROM, TRAINED_TO
from viewcast.tracking.write.registry import Registry, Version

ROLLBACK, APPROVAL = "rollback", "approval"
Decision = Callable[[Registry, Path, str, str | None], dict[str, Any]]  # approve or roll_back


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ByHand:
    """``conf/rollback.yaml`` and ``conf/approve.yaml``.

    ``channel``: the folder under ``nights``. ``model_name``: of the registered model. ``reason``:
    for the log.
    """

    channel: str
    model_name: str
    reason: str | None
    tracking: Tracking

    def registry(self) -> Registry:
        """The versions of the channel."""
        return Registry(self.tracking, model_name(self.model_name, self.channel))


def decide(settings: ByHand, root: Path, decision: Decision) -> str:
    """Take a decision while no night is at work; returns what serves from now on, in a line.

    Raises LockedError during a night, and refuses as ``decision`` does.
    """
    with held(night_lock_path(root, settings.channel)):
        registry = settings.registry()
        line = decision(registry, root, settings.channel, settings.reason)
    former = f", instead of version {line['previous']}" if line["previous"] else ""
    return f"{registry.name}: version {line['version']} ({line['recipe']}) serves{former}"


def roll_back(registry: Registry, root: Path, channel: str, reason: str | None) -> dict[str, Any]:
    """Let the version that served before serve again; returns the line of the log.

    It serves until the next night, whose refit takes its place, unless ``retrain.approve`` is
    manual. A second call goes one version further back. Refuses (TrackingError) where nothing
    serves, or nothing has served before.
    """
    champion = registry.champion()
    if champion is None:
        raise TrackingError(f"model {registry.name} has no champion; `make retrain` makes one")
    before = registry.before(champion)
    if before is None:
        raise TrackingError(
            f"version {champion.number} of {registry.name} is the oldest that has served: there is "
            "none to go back to; `make retrain` makes a new one"
        )
    why = reason or f"version {champion.number} was taken back by hand"
    return _serve(registry, root, channel, ROLLBACK, before, champion.number, why)


def approve(registry: Registry, root: Path, channel: str, reason: str | None) -> dict[str, Any]:
    """Let the version that waits under ``candidate`` serve; returns the line of the log.

    Refuses (TrackingError) where none waits.
    """
    champion, waiting = registry.champion(), registry.candidate()
    if waiting is None or (champion is not None and champion.number == waiting.number):
        raise TrackingError(
            f"model {registry.name} has no version that waits for approval; "
            "`python pipelines/retrain.py retrain.approve=manual` makes one"
        )
    former = None if champion is None else champion.number
    why = reason or "approved by hand"
    return _serve(registry, root, channel, APPROVAL, waiting, former, why)


def _serve(
    registry: Registry,
    root: Path,
    channel: str,
    kind: str,
    version: Version,
    former: int | None,
    why: str,
) -> dict[str, Any]:
    newest = live.read(days_path(root, channel)).index[-1].date()
    night = f"{newest + timedelta(days=1)}"
    entry = {
        "kind": kind,
        "id": f"{kind}-{len(entries(reigns_path(root, channel)))}",
        "night": night,
        "version": version.number,
        "previous": former,
        "recipe": version.tags.get(MEMBERS, ""),
        "trained_to": version.tags.get(TRAINED_TO, ""),
        "reason": why,
    }
    note(root, channel, entry)
    registry.tag(version.number, {SERVED_FROM: night})
    registry.serve(version.number)
    return entry
