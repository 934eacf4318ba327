"""The page after a night: what it told of the champions, without drawing everything anew.

Drawing the whole report takes 7 seconds, the section of the champions alone 1: a night replaces
what stands between two comments of the page. The result is the very page that ``python
pipelines/report.py`` would write.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from viewcast.base.errors import DataError
from viewcast.base.files import write
from viewcast.base.paths import figures_path, page_path, retraining_path, summary_path
from viewcast.report.champion_record import COMMAND

if TYPE_CHECKING:
    from viewcast.report.figures.run_results import Results


def write_page(root: Path) -> Path:
    """Bring ``reports/index.html`` up to ``reports/retraining.json``; the path of the page.

    Where runs were compared but the page does not tell of champions yet, the whole report is drawn;
    where none were, the page holds the champions alone. Raises DataError without a history.
    """
    # Matplotlib takes a second, which a night that finds nothing new need not wait for.
    from viewcast.report.figures.run_results import Results  # noqa: PLC0415
    from viewcast.report.page import build  # noqa: PLC0415

    results, page = Results(root, []), page_path(root)
    if results.history is None:
        path = retraining_path(root)
        raise DataError(f"{path}: no champions yet; type `{COMMAND}` to make the first")
    if not summary_path(root).is_file():
        write(page, _section(results, alone=True))
        return page
    former = _around(page)
    if former is None:
        build(root)
        return page
    before, after = former
    write(page, before + _section(results, alone=False) + after)
    return page


def _section(results: "Results", alone: bool) -> str:
    """The section with its pictures drawn anew, or a page that holds nothing else."""
    from viewcast.report.figures.gallery import redraw_retraining  # noqa: PLC0415
    from viewcast.report.page import render_champions  # noqa: PLC0415

    assert results.history is not None, "read before"
    pictures = redraw_retraining(results, figures_path(results.root))
    return render_champions(results.history, pictures, alone)


def _around(page: Path) -> tuple[str, str] | None:
    """What stands before and after the section on a page that tells of champions."""
    from viewcast.report.page import CLOSING, OPENING  # noqa: PLC0415

    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if text.count(OPENING) != 1 or text.count(CLOSING) != 1:
        return None
    before, rest = text.split(OPENING)
    return before, rest.split(CLOSING)[1]
