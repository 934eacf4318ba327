"""The page: pictures, tables and text in one file that needs no network.

Nothing on it depends on the day or on the machine: the same results give the same bytes.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.numbers import plain
from viewcast.base.paths import figures_path, page_path, summary_path
from viewcast.report.assessment_panel import assessment_panel, caught
from viewcast.report.audits import of_run
from viewcast.report.champion_record import ChampionHistory
from viewcast.report.champion_table import (
    COLOURS,
    GATES,
    NIGHTS,
    SIGNS,
    WHY,
    champion_section,
    days,
    gained,
    ranged,
    word,
)
from viewcast.report.figures.gallery import RETRAINING, draw_all
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import Picture
from viewcast.report.gauge import EXPLANATION
from viewcast.report.picture_shelf import PictureShelf, embedded
from viewcast.report.run_tables import tables

TEMPLATE, ALONE, SECTION = "page.html", "page_alone.html", "page_champions.html"
# What a night rewrites stands between these comments.
OPENING, CLOSING = "<!-- retraining -->", "<!-- end of retraining -->"
LINK_OPENING, LINK_CLOSING = "<!-- link to retraining -->", "<!-- end of link -->"
LINK = '<li><a href="#champions">The present champion, and whether it kept its promise</a></li>'


def build(root: Path, packages: Iterable[ModuleType]) -> list[Picture]:
    """Draw every picture and write the page; returns the pictures with the runs they show.

    ``packages``: of modules that draw pictures (``viewcast.report.figures.gallery``).
    """
    summary = summary_path(root)
    if not summary.is_file():
        raise DataError(f"{summary}: no summary yet; type `python pipelines/evaluate.py` first")
    results = Results(root, json.loads(summary.read_text()))
    if not results.rows:
        raise DataError(f"{summary}: holds no runs; type `dvc repro` to make them")
    pictures = draw_all(results, figures_path(root), packages)
    files.write(page_path(root), render(results, pictures))
    return pictures


def render(results: Results, pictures: list[Picture]) -> str:
    """The page as text."""
    shelf, history = PictureShelf(pictures), results.history
    retraining = f"{OPENING}{CLOSING}" if history is None else _section(history, shelf)
    return (
        _templates()
        .get_template(TEMPLATE)
        .render(
            **_of_pictures(shelf),
            retraining=Markup(retraining),
            retraining_link=Markup(_link(history is not None)),
            results=results,
            run=results.named,
            tables=tables(results, of_run(results.audits)),
            audited=None
            if results.audited is None
            else [assessment_panel(audit) for audit in results.audits],
            share_of_gain_colours=EXPLANATION,
            caught=caught(results.audits),
            best=lambda data: _best(results, data),
        )
    )


def render_alone(history: ChampionHistory, pictures: list[Picture]) -> str:
    """A page that holds the section of the retraining and nothing else."""
    section = _section(history, PictureShelf(pictures))
    return _templates().get_template(ALONE).render(retraining=Markup(section))


def render_section(history: ChampionHistory, pictures: list[Picture]) -> str:
    """The section of the retraining as it stands on the page, between its comments."""
    return _section(history, PictureShelf(pictures))


def with_retraining(page: str, history: ChampionHistory, pictures: list[Picture]) -> str | None:
    """A page with this section of the retraining and a link to it instead of the former ones.

    None if the page has no place for the section.
    """
    if page.count(OPENING) != 1 or page.count(CLOSING) != 1:
        return None
    before, rest = page.split(OPENING)
    page = before + render_section(history, pictures) + rest.split(CLOSING)[1]
    if LINK_OPENING not in page:
        return page
    before, rest = page.split(LINK_OPENING)
    return before + _link(True) + rest.split(LINK_CLOSING)[1]


def _section(history: ChampionHistory, shelf: PictureShelf) -> str:
    return (
        _templates().get_template(SECTION).render(**_of_pictures(shelf), **_of_champions(history))
    )


def _link(shown: bool) -> str:
    return f"{LINK_OPENING}{LINK if shown else ''}{LINK_CLOSING}"


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment


def _of_pictures(shelf: PictureShelf) -> dict[str, Any]:
    """What every template that shows pictures needs."""
    return {"pictures": shelf, "take": shelf.take, "rest": shelf.rest, "embedded": embedded}


def _of_champions(history: ChampionHistory) -> dict[str, Any]:
    """What the section of the retraining needs."""
    return {
        "section": RETRAINING,
        "content": champion_section(history),
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


def _best(results: Results, data: str) -> Run | None:
    """The lowest validation loss on the rows of the data set's main models."""
    baseline = results.experiment(f"{data}_naive")
    return None if baseline is None else results.best_model(baseline)
