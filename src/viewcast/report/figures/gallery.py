"""All pictures, drawn and stored in one go.

A picture exists as soon as a module with a function ``draw(results)`` lies in one of the packages
that are drawn; no list names it. A module may have a ``SECTION``: the part of the page that holds
those of its pictures that no text names, and that can be drawn again without the others.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from viewcast.base import files, folders
from viewcast.base.folders import Kind
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import Drawing, Picture, applied

RETRAINING = "retraining"  # the section of the nightly retraining; its pictures: retraining_*.png
FOLDER = Kind("report")


class FigureModule(Protocol):
    """A module that draws pictures of the results, of which it may also find none to draw."""

    __name__: str

    def draw(self, results: Results) -> Iterator[Drawing]:
        """The pictures, as far as their runs are there."""


def figure_modules(packages: Iterable[ModuleType]) -> list[FigureModule]:
    """Every module of the packages that has a function ``draw``, by package and name."""
    modules = [
        importlib.import_module(f"{package.__name__}.{info.name}")
        for package in packages
        for info in pkgutil.iter_modules(package.__path__)
    ]
    return [cast(FigureModule, module) for module in modules if hasattr(module, "draw")]


def section_of(module: FigureModule) -> str:
    """The section that a module declares, or no name."""
    return str(getattr(module, "SECTION", ""))


def draw_all(results: Results, folder: Path, packages: Iterable[ModuleType]) -> list[Picture]:
    """Every picture whose runs are there, in a folder that holds nothing else.

    The folder is replaced at the end: until then a reader finds the former pictures. Refuses
    (ConfigError), before the first is drawn, a folder with a file that is none of them.
    """
    pictures = []
    with folders.replacing(results.root, folder, FOLDER) as new, applied():
        for module in figure_modules(packages):
            for drawing in module.draw(results):
                picture = _stored(drawing, new, section_of(module))
                pictures.append(replace(picture, path=folder / picture.path.name))
    return pictures


def redraw_retraining(
    results: Results, folder: Path, packages: Iterable[ModuleType]
) -> list[Picture]:
    """The pictures of the retraining alone, each replaced in one step; the others are left alone.

    Pictures of a former night that have nothing to show any more are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    with applied():
        for module in figure_modules(packages):
            if section_of(module) == RETRAINING:
                drawings = module.draw(results)
                pictures += [_stored(drawing, folder, RETRAINING) for drawing in drawings]
    made = set(folders.made_in(folder))
    names = {picture.path.name for picture in pictures}
    for former in made - names:
        if former.startswith(f"{RETRAINING}_"):
            files.remove(folder / former)
            made.remove(former)
    folders.note_made(folder, FOLDER, [*made, *names])
    return pictures


def _stored(drawing: Drawing, folder: Path, section: str) -> Picture:
    if section == RETRAINING and not drawing.name.startswith(f"{RETRAINING}_"):
        raise ValueError(
            f"picture {drawing.name!r} of the section {RETRAINING!r}: expected a name that begins "
            f"with {RETRAINING}_, by which a later night finds and removes it"
        )
    return replace(drawing.save(folder), section=section)
