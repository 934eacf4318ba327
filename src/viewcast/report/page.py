"""The page: pictures, tables and text in one file that needs no network.

Nothing on it depends on the day or on the machine: the same results give the same bytes. There are
two: one on the data of the lectures, which explains how far a validation score can be believed, and
one on a person's own channel, which begins with its next days.
"""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from markupsafe import Markup

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.files import read_json
from viewcast.base.paths import figures_path, page_path, summary_path
from viewcast.report import nights_html
from viewcast.report.assessment_panel import assessment_panel, caught
from viewcast.report.audits import of_run
from viewcast.report.figures.gallery import draw_all
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import Picture
from viewcast.report.gauge import EXPLANATION
from viewcast.report.panel_tables import panel_tables
from viewcast.report.picture_shelf import PictureShelf
from viewcast.report.refereed_panel import refereed_panel
from viewcast.report.run_tables import tables
from viewcast.report.templates import rendered

LECTURE, CHANNEL = "page.html", "page_channel.html"
WITHOUT = Markup(
    '<p class="note">No night has forecast this channel yet: <code>python '
    "pipelines/own_nights.py</code> forecasts its next days, and each later night says what came "
    "true.</p>"
)


def build(root: Path, packages: Iterable[ModuleType]) -> list[Picture]:
    """Draw every picture and write the page; returns the pictures with the runs they show.

    ``packages``: of modules that draw pictures (``viewcast.report.figures.gallery``).
    """
    summary = summary_path(root)
    if not summary.is_file():
        raise DataError(f"{summary}: no summary yet; type `python pipelines/evaluate.py` first")
    results = Results(root, read_json(summary, "`dvc repro` makes it again"))
    if not results.rows:
        raise DataError(f"{summary}: holds no runs; type `dvc repro` to make them")
    pictures = draw_all(results, figures_path(root), packages)
    files.write(page_path(root), render(results, pictures))
    return pictures


def render(results: Results, pictures: list[Picture]) -> str:
    """The page as text: that of the lectures where one of their data sets is among the rest."""
    shelf, lectures = PictureShelf(pictures), bool({"lectures", "channel"} & set(results.datasets))
    retraining = nights_html.section(results.nights, shelf, "" if lectures else WITHOUT)
    return rendered(
        LECTURE if lectures else CHANNEL,
        shelf,
        retraining=retraining,
        retraining_link=nights_html.link(results.nights is not None),
        results=results,
        panels=panel_tables(results),
        labels=[results.label(data) for data in results.datasets],
        run=results.named,
        tables=tables(results, of_run(results.audits)),
        audited=None
        if results.audited is None
        else [assessment_panel(audit) for audit in results.audits],
        refereed=[refereed_panel(each) for each in results.refereed],
        share_of_gain_colours=EXPLANATION,
        caught=caught(results.audits) if lectures else [],
        best=lambda data: _best(results, data),
    )


def _best(results: Results, data: str) -> Run | None:
    """The lowest validation loss on the rows of the data set's main models."""
    baseline = results.experiment(f"{data}_naive")
    return None if baseline is None else results.best_model(baseline)
