"""The challenger of the night: the best nightly model, trained anew on all days but the fresh."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import compose, stage
from viewcast.base.settings import construct
from viewcast.retraining.challenger import ChallengerSettings, make_challenger
from viewcast.training.config import parse


@stage(__file__, "challenger")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/nightly/challenger/."""
    settings: ChallengerSettings = construct(ChallengerSettings, config, "")
    nightly = {
        name: parse(compose(root, ["data=live", f"model={name}", "tracking=nightly"]))
        for name in settings.models
    }
    made = make_challenger(nightly, settings, root)
    if made["model"] is None:
        print(f"no challenger: {made['failures']}")
    else:
        days = f"{made['trained_from']} to {made['trained_to']}"
        print(f"challenger: {made['model']}, trained on {days}")


if __name__ == "__main__":
    main()
