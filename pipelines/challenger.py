"""The challenger of the night: the best nightly model, trained anew on all days but the fresh."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import compose, stage
from viewcast.base.settings import construct
from viewcast.retraining.challenger import Making, make
from viewcast.training.config import parse


@stage(__file__, "challenger")
def main(config: dict[str, Any], root: Path) -> None:
    """Write build/nightly/challenger/."""
    making: Making = construct(Making, config, "")
    nightly = {
        name: parse(compose(root, ["data=live", f"model={name}", "tracking=nightly"]))
        for name in making.models
    }
    made = make(nightly, making, root)
    print(f"challenger: {made['model']}, trained on {made['trained_from']} to {made['trained_to']}")


if __name__ == "__main__":
    main()
