"""Check that the nightly retraining is alive: exits with 1 if it is not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.settings import construct
from viewcast.retraining.healthcheck import Watch, read, watch


@stage(__file__, "healthcheck")
def main(config: dict[str, Any], root: Path) -> None:
    """Say how the last night ended; write nothing."""
    settings: Watch = construct(Watch, config, "")
    print(watch(read(settings.path(root)), settings.hours, datetime.now(UTC)))


if __name__ == "__main__":
    main()
