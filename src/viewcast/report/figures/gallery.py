"""All pictures, drawn and stored in one go."""

import shutil
from dataclasses import replace
from pathlib import Path

from viewcast.report.figures import (
    best_of,
    canaries,
    courses,
    curves,
    functions,
    gaps,
    looks,
    predictions,
    series,
    shadow,
    sizes,
    surface,
    ties,
    winner,
)
from viewcast.report.figures.results import Results
from viewcast.report.figures.style import Picture, applied

STORY = (series, surface, functions, sizes, gaps, courses, predictions, curves, canaries)
WORTH = (looks, best_of, winner, ties, shadow)
MODULES = (*STORY, *WORTH)


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


def _moved(picture: Picture, folder: Path) -> Picture:
    return replace(picture, path=folder / picture.path.name)
