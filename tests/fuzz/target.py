"""What is fuzzed: how its inputs are made, and how the package takes them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

from fuzz.case import Case


@dataclass(frozen=True)
class Accepted:
    """``value``: what the input was read as, in plain values."""

    value: Any = None


@dataclass(frozen=True)
class Refused:
    """``message``: what a user is told."""

    message: str


@dataclass(frozen=True)
class Target:
    """``cases``: the inputs. ``run``: from the folder of a laid out case and the folder of a
    project, which an input that is refused must leave as it was. ``agrees``: whether an accepted
    value is right, given what is known. ``places``: words of which a refusal must hold one, besides
    the names of the case's files.
    """

    name: str
    cases: SearchStrategy[Case]
    run: Callable[[Path, Path], Accepted | Refused]
    agrees: Callable[[Any, Any], bool] = lambda value, right: value == right
    places: tuple[str, ...] = ()
    project: Callable[[Path], None] = lambda folder: folder.mkdir()
