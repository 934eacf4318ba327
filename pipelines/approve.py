"""Let the version that waits for approval serve: `python pipelines/approve.py reason='...'`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import tell
from viewcast.base.settings import construct
from viewcast.retraining.by_hand import ByHand, approve, decide


@stage(__file__, "approve")
def main(config: dict[str, Any], root: Path) -> None:
    """Change what serves, and write that into the log of promotions."""
    tell(decide(construct(ByHand, config, ""), root, approve))


if __name__ == "__main__":
    main()
