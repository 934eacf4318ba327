"""One night: new days in, every recipe refitted, the next days forecast.

`python pipelines/retrain.py`, `python pipelines/retrain.py source=studio source.folder=<folder>`,
or, as a demonstration, `python pipelines/retrain.py retrain.today=2021-03-01 retrain.nights=10`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.collector import spare
from viewcast.retraining.notify import tell_refusal
from viewcast.retraining.retrain import nights
from viewcast.retraining.settings import Settings

SHORT = {"metric": "data.metric", "column": "source.column"}


@stage(__file__, "retrain", short=SHORT, refused=tell_refusal)
def main(config: dict[str, Any], root: Path) -> None:
    """Print one line of JSON per night; exit with the code of the last."""
    spare()
    code = 1
    for outcome in nights(Settings.parse(config), root):
        print(json.dumps(outcome, ensure_ascii=False), flush=True)
        code = outcome["code"]
    sys.exit(code)


if __name__ == "__main__":
    main()
