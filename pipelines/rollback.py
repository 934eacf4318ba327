"""Restore the previous champion: `python pipelines/rollback.py reason='...'`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import lock_path
from viewcast.base.settings import construct
from viewcast.retraining.lock import held
from viewcast.retraining.promotion import Rollback, roll_back
from viewcast.tracking.write.registry import Registry


@stage(__file__, "rollback")
def main(config: dict[str, Any], root: Path) -> None:
    """Change the champion, and write that into the log of promotions."""
    settings: Rollback = construct(Rollback, config, "")
    with held(lock_path(root)):
        registry = Registry(settings.tracking, settings.model_name)
        line = roll_back(registry, root, settings.reason)
    print(
        f"champion of {settings.model_name}: version {line['version']} ({line['model']}) again, "
        f"instead of version {line['previous']}"
    )


if __name__ == "__main__":
    main()
