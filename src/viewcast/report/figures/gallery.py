"""All pictures, drawn and stored in one go."""

import shutil
from dataclasses import replace
from pathlib import Path

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
MODULES = (*STORY, *WORTH, *RETRAINING)


def draw_all(results: Results, folder: Path) -> list[Picture]:
    """Every picture whose runs are there, in a folder that holds nothing else.

    The folder is replaced at the end: until then a reader finds the former pictures.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pictures = []
    with applied():
        for module in MODULES:
            for drawing in module.draw(results):
                stored = drawing.save(partial)
                pictures.append(_moved(stored, folder))
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return pictures


def redraw_retraining(results: Results, folder: Path) -> list[Picture]:
    """The pictures of the retraining alone, each replaced in one step; the others are left alone.

    Those of a former night that have nothing to show any more are removed.
    """
    partial = folder.with_name(f"{folder.name}.nightly.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    pictures = []
    with applied():
        for module in RETRAINING:
            for drawing in module.draw(results):
                stored = drawing.save(partial)
                pictures.append(_moved(stored, folder))
                stored.path.replace(folder / stored.path.name)
    partial.rmdir()
    for former in set(folder.glob("retraining_*.png")) - {picture.path for picture in pictures}:
        former.unlink()
    return pictures


def _moved(picture: Picture, folder: Path) -> Picture:
    return replace(picture, path=folder / picture.path.name)
