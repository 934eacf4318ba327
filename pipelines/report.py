"""The report: every picture whose runs are there, and one page with pictures, tables and text."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import page_path
from viewcast.base.settings import Tracking, construct
from viewcast.demo import figures as lecture_figures
from viewcast.report import figures
from viewcast.report.page import build
from viewcast.report.publication import publish


@stage(__file__, "pipeline")
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/figures/ and reports/index.html; store pictures and notes with the runs."""
    pictures = build(root, [figures, lecture_figures])
    publish(root, pictures, construct(Tracking, config["tracking"], "tracking"))
    page = page_path(root)
    print(f"report: {len(pictures)} pictures, {page.relative_to(root)}")


if __name__ == "__main__":
    main()
