"""Forecast the next days of each imported channel that the pipeline runs: one night of each.

`make run` does this after `dvc repro`. A channel without new days takes seconds. A night that ends
without a forecast is told, and the page is made without it.
"""

from pathlib import Path
from typing import Any

from viewcast.base.cli import compose, stage
from viewcast.base.escaped import tell
from viewcast.base.settings import build
from viewcast.data.dataset import DataSet
from viewcast.runs.own_channels import with_nights

NO_SOURCE = "which.source=none"  # what is imported is read already


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Run the night of each channel, and print how it ended."""
    own = [name for name in with_nights(root) if name in config["datasets"]]
    if not own:
        return
    from viewcast.report import nights_record  # noqa: PLC0415
    from viewcast.retraining.own_nights import own_night, told  # noqa: PLC0415 (takes a second)
    from viewcast.retraining.retrain import nights  # noqa: PLC0415
    from viewcast.retraining.settings import Settings  # noqa: PLC0415

    for name in own:
        plain = compose(root, [f"data={name}", NO_SOURCE], "import_export")["data"]
        data = build(plain, "data", DataSet)
        settings = Settings.parse(compose(root, own_night(data), "retrain"))
        for outcome in nights(settings, root):
            tell(told(data, outcome, nights_record.read(root)))


if __name__ == "__main__":
    main()
