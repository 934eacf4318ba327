"""All pictures, drawn and stored in one go."""

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from viewcast.base import files, folders
from viewcast.base.folders import Kind
from viewcast.report.figures import (
    canaries,
    courses,
    curves,
    functions,
    gaps,
    gates,
    hidden_gains,
    look_counts,
    more_runs,
    predictions,
    promises,
    run_comparison,
    series,
    sizes,
    surface,
    weekly_errors,
    winner,
)
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import Picture, applied

STORY = (series, surface, functions, sizes, gaps, courses, predictions, curves, canaries)
WORTH = (look_counts, more_runs, winner, run_comparison, hidden_gains)
RETRAINING = (promises, gates, weekly_errors)
FIGURES = Kind("report")
MODULES = (*STORY, *WORTH, *RETRAINING)


def draw_all(results: Results, folder: Path) -> list[Picture]:
    """Every picture whose runs are there, in a folder that holds nothing else.

    The folder is replaced at the end: until then a reader finds the former pictures. Refuses
    (ConfigError), before the first is drawn, a folder with a file that is none of them.
    """
    pictures = []
    with folders.replacing(results.root, folder, FIGURES) as new, applied():
        for module in MODULES:
            for drawing in module.draw(results):
                pictures.append(_moved(drawing.save(new), folder))
    return pictures


def redraw_retraining(results: Results, folder: Path) -> list[Picture]:
    """The pictures of the retraining alone, each replaced in one step; the others are left alone.

    Those of a former night that have nothing to show any more are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    with applied():
        for module in RETRAINING:
            for drawing in module.draw(results):
                pictures.append(drawing.save(folder))
    made = set(folders.made_in(folder))
    names = {picture.path.name for picture in pictures}
    for former in made - names:
        if fnmatchcase(former, "retraining_*.png"):
            files.remove(folder / former)
            made.remove(former)
    folders.note_made(folder, FIGURES, [*made, *names])
    return pictures


def _moved(picture: Picture, folder: Path) -> Picture:
    return replace(picture, path=folder / picture.path.name)
