"""The page: pictures, tables and the story of the two lectures in one file that needs no network.

Nothing on it depends on the day or on the machine: the same results give the same bytes.
"""

import base64
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.numbers import plain
from viewcast.base.paths import figures_path, page_path, summary_path
from viewcast.report.assessment_panel import caught, worth
from viewcast.report.audits import of_run, stated
from viewcast.report.champion_record import History
from viewcast.report.champion_table import (
    COLOURS,
    GATES,
    NIGHTS,
    SIGNS,
    WHY,
    days,
    gained,
    ranged,
    told,
    word,
)
from viewcast.report.figures.gallery import draw_all
from viewcast.report.figures.run_results import BASELINES, MEMORIES, Results, Run
from viewcast.report.figures.style import Picture
from viewcast.report.run_tables import tables

TEMPLATE, ALONE, SECTION = "page.html", "page_alone.html", "page_champions.html"
OPENING, CLOSING = "<!-- champions -->", "<!-- end of champions -->"  # around what a night rewrites


def build(root: Path) -> list[Picture]:
    """Draw every picture and write the page; returns the pictures with the runs they show."""
    summary = summary_path(root)
    if not summary.is_file():
        raise DataError(f"{summary}: no summary yet; type `python pipelines/evaluate.py` first")
    results = Results(root, json.loads(summary.read_text()))
    if not results.rows:
        raise DataError(f"{summary}: holds no runs; type `dvc repro` to make them")
    pictures = draw_all(results, figures_path(root))
    files.write(page_path(root), render(results, pictures))
    return pictures


def render(results: Results, pictures: list[Picture]) -> str:
    """The page as text."""
    return (
        _templates()
        .get_template(TEMPLATE)
        .render(
            **_of_champions(results.history, pictures),
            results=results,
            run=results.named,
            tables=tables(results, of_run(results.audits)),
            audited=None if results.audited is None else [worth(audit) for audit in results.audits],
            caught=caught(results.audits),
            best=lambda data: _best(results, data),
        )
    )


def render_champions(history: History, pictures: list[Picture], alone: bool) -> str:
    """The section of the champions as it stands on the page, or ``alone`` on a page of its own."""
    template = _templates().get_template(ALONE if alone else SECTION)
    return template.render(**_of_champions(history, pictures))


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["stated"] = stated
    return environment


def _of_champions(history: History | None, pictures: list[Picture]) -> dict[str, Any]:
    """What the section of the champions needs."""
    return {
        "pictures": {picture.name: picture for picture in pictures},
        "embedded": _embedded,
        "told": None if history is None else told(history),
        "opening": Markup(OPENING),
        "closing": Markup(CLOSING),
        "ranged": ranged,
        "gained": gained,
        "days": days,
        "why": WHY,
        "word": word,
        "colours": COLOURS,
        "signs": SIGNS,
        "gates_shown": GATES,
        "nights_shown": NIGHTS,
    }


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
