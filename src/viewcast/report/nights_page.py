"""The page after a night: its section of the nights, written without the other sections.

Drawing the whole report takes 7 seconds, this section alone about 1: a night replaces what stands
between two comments of the page. The result is the page that ``python pipelines/report.py`` would
write.
"""

from pathlib import Path

from viewcast.base.errors import DataError
from viewcast.base.files import write
from viewcast.base.paths import figures_path, page_path, retraining_path
from viewcast.report.nights_record import COMMAND


def write_page(root: Path) -> Path:
    """Bring ``reports/index.html`` up to ``reports/retraining.json``; returns the page's path.

    Without a page of ``pipelines/report.py`` the page holds this section alone. Raises DataError
    without a record.
    """
    # Matplotlib takes a second, which a night without new days does not need.
    from viewcast.report import figures  # noqa: PLC0415
    from viewcast.report.figures.gallery import redraw_retraining  # noqa: PLC0415
    from viewcast.report.figures.run_results import Results  # noqa: PLC0415
    from viewcast.report.nights_html import alone, with_nights  # noqa: PLC0415

    results, page = Results(root, []), page_path(root)
    if results.nights is None:
        path = retraining_path(root)
        raise DataError(f"{path}: no night yet; type `{COMMAND}` to run the first")
    pictures = redraw_retraining(results, figures_path(root), [figures])
    former = page.read_text(encoding="utf-8") if page.is_file() else ""
    text = with_nights(former, results.nights, pictures)
    write(page, text or alone(results.nights, pictures))
    return page
