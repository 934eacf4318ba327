"""Check that the nightly retraining works: exits with 1 if it does not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import tell
from viewcast.base.settings import construct
from viewcast.retraining.healthcheck import HealthCheck, check_health, read


@stage(__file__, "healthcheck")
def main(config: dict[str, Any], root: Path) -> None:
    """Print how the last night ended; write nothing."""
    settings: HealthCheck = construct(HealthCheck, config, "")
    outcomes = read(settings.path(root))
    tell(check_health(outcomes, settings.max_age_hours, datetime.now(UTC)))


if __name__ == "__main__":
    main()
