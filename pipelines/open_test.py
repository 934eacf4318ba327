"""Open the sealed test, once: `python pipelines/open_test.py run=<run id or folder>`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import tell
from viewcast.base.settings import construct
from viewcast.runs.final_test import OpenTest, open_test, sentences


@stage(__file__, "open_test")
def main(config: dict[str, Any], root: Path) -> None:
    """Record the opening, score the run on the sealed rows, and print the result."""
    settings: OpenTest = construct(OpenTest, config, "")
    tell("\n".join(sentences(open_test(settings, root))))


if __name__ == "__main__":
    main()
