"""Let the version before serve again: `python pipelines/rollback.py reason='...'`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import tell
from viewcast.base.settings import construct
from viewcast.retraining.by_hand import ByHand, decide, roll_back


@stage(__file__, "rollback")
def main(config: dict[str, Any], root: Path) -> None:
    """Change what serves, and write that into the log of promotions."""
    tell(decide(construct(ByHand, config, ""), root, roll_back))


if __name__ == "__main__":
    main()
