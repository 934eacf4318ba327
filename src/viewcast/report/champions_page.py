"""The page after a night: its section of the retraining, written without the other sections.

Drawing the whole report takes 7 seconds, this section alone 1 second: a night replaces what stands
between two comments of the page. The result is the page that ``python pipelines/report.py`` would
write.
"""

from pathlib import Path

from viewcast.base.errors import DataError
from viewcast.base.files import write
from viewcast.base.paths import figures_path, page_path, retraining_path
from viewcast.report.champion_record import COMMAND


def write_page(root: Path) -> Path:
    """Bring ``reports/index.html`` up to ``reports/retraining.json``; returns the page's path.

    Without a page of ``pipelines/report.py`` the page holds this section alone. Raises DataError
    without a history.
    """
    # Matplotlib takes a second, which a night without new days does not need.
    from viewcast.report import figures  # noqa: PLC0415
    from viewcast.report.figures.gallery import redraw_retraining  # noqa: PLC0415
    from viewcast.report.figures.run_results import Results  # noqa: PLC0415
    from viewcast.report.page import render_alone, with_retraining  # noqa: PLC0415

    results, page = Results(root, []), page_path(root)
    if results.history is None:
        path = retraining_path(root)
        raise DataError(f"{path}: no champions yet; type `{COMMAND}` to make the first")
    pictures = redraw_retraining(results, figures_path(root), [figures])
    former = page.read_text(encoding="utf-8") if page.is_file() else ""
    text = with_retraining(former, results.history, pictures)
    write(page, text or render_alone(results.history, pictures))
    return page
