"""Let the version before serve again: `python pipelines/rollback.py reason='...'`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import night_lock_path
from viewcast.base.settings import construct
from viewcast.retraining.by_hand import ByHand, roll_back
from viewcast.retraining.lock import held


@stage(__file__, "rollback")
def main(config: dict[str, Any], root: Path) -> None:
    """Change what serves, and write that into the log of promotions."""
    settings: ByHand = construct(ByHand, config, "")
    with held(night_lock_path(root, settings.channel)):
        registry = settings.registry()
        line = roll_back(registry, root, settings.channel, settings.reason)
    former = f", instead of version {line['previous']}" if line["previous"] else ""
    print(f"{registry.name}: version {line['version']} ({line['recipe']}) serves{former}")


if __name__ == "__main__":
    main()
