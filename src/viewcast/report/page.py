"""The page: pictures, tables and the story of the two lectures in one file that needs no network.

Nothing on it depends on the day or on the machine: the same results give the same bytes.
"""

import base64
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from viewcast.errors import DataError
from viewcast.paths import figures_path, page_path, summary_path
from viewcast.report.audits import of_run, stated
from viewcast.report.figures.gallery import draw_all
from viewcast.report.figures.results import BASELINES, MEMORIES, Results, Run
from viewcast.report.figures.style import Picture
from viewcast.report.numbers import plain
from viewcast.report.tables import tables
from viewcast.report.worth import caught, worth

TEMPLATE = "page.html"


def build(root: Path) -> list[Picture]:
    """Draw every picture and write the page; returns the pictures with the runs they show."""
    summary = summary_path(root)
    if not summary.is_file():
        raise DataError(f"{summary}: no summary yet; type `python pipelines/evaluate.py` first")
    results = Results(root, json.loads(summary.read_text()))
    if not results.rows:
        raise DataError(f"{summary}: holds no runs; type `dvc repro` to make them")
    pictures = draw_all(results, figures_path(root))
    page = page_path(root)
    partial = page.with_suffix(".partial")
    partial.write_text(render(results, pictures), encoding="utf-8")
    partial.replace(page)
    return pictures


def render(results: Results, pictures: list[Picture]) -> str:
    """The page as text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["stated"] = stated
    return environment.get_template(TEMPLATE).render(
        results=results,
        run=results.named,
        pictures={picture.name: picture for picture in pictures},
        embedded=_embedded,
        tables=tables(results, of_run(results.audits)),
        audited=None if results.audited is None else [worth(audit) for audit in results.audits],
        caught=caught(results.audits),
        best=lambda data: _best(results, data),
    )


def _embedded(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.path.read_bytes()).decode()


def _best(results: Results, data: str) -> Run | None:
    """The lowest validation loss on the rows of the data set's main models, memory excluded."""
    baseline = results.experiment(f"{data}_naive")
    if baseline is None:
        return None
    honest = [run for run in results.same_rows(baseline) if run["val_loss"]]
    skilled = [run for run in honest if run["model"] not in (*BASELINES, *MEMORIES)]
    return min(skilled, key=lambda run: float(run["val_loss"]), default=None)
