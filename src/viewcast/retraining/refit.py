"""The refit of a night: every recipe fitted on all days so far, and its forecast of the next ones.

It is the stage ``refit`` of the channel's DVC project (``pipelines/refit.py``): where days,
settings and code are those of the last night, nothing is computed again. The folder ``refit`` holds
``recipes.npz``, the arrays of each fitted recipe, and, written last, ``refit.json``, with the
hashes of both (``viewcast.base.contents``).

Shape letters: H days ahead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base import contents, folders
from viewcast.base.errors import DataError
from viewcast.base.files import read_json
from viewcast.base.folders import Kind
from viewcast.base.paths import refit_path, settings_of_refit_path
from viewcast.base.settings import construct
from viewcast.forecast import recipes as kept_recipes
from viewcast.forecast.habits import Habit, parsed
from viewcast.forecast.history import History
from viewcast.forecast.rebase import rebased
from viewcast.forecast.recipe import FittedRecipe, Recipe, fitted_forecast

Vector = NDArray[np.float64]
ARRAYS, FILE = "recipes.npz", "refit.json"
REFIT = Kind("refit", (ARRAYS, FILE))


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class RefitSettings:
    """What decides a refit besides days and code.

    ``recipes``: the sections of the configuration by name. ``codes``: the identity of each.
    ``horizon``: H. ``habits``: the confirmed ones, as plain values.
    """

    recipes: dict[str, dict[str, Any]]
    codes: dict[str, str]
    horizon: int = Field(ge=1)
    habits: list[dict[str, str]] = Field(default_factory=list)

    @classmethod
    def read(cls, root: Path, channel: str) -> Self:
        """The settings of tonight. Refuses (DataError) a missing file, and a damaged one."""
        file = settings_of_refit_path(root, channel)
        if not file.is_file():
            raise DataError(f"{file}: no night has begun yet; `make retrain` runs one")
        todo = "remove it: the next night writes it anew"
        try:
            made: Self = construct(cls, read_json(file, todo), "")
        except TypeError as error:
            raise DataError(f"{file}: is damaged ({error}); {todo}") from error
        return made

    def confirmed(self) -> list[Habit]:
        """The habits."""
        return parsed(self.habits, "habits")


@dataclass(frozen=True)
class Refit:
    """``fitted``: each recipe by name; ``forecasts``: log(1 + views) (H,) of the next days by name.

    ``left_out``: why a recipe has no forecast tonight, by name.
    """

    newest: date
    fitted: dict[str, FittedRecipe]
    forecasts: dict[str, Vector]
    left_out: dict[str, str]


def refit(
    recipes: Mapping[str, Recipe],
    history: History,
    habits: Sequence[Habit],
    horizon: int,
    standing: Mapping[str, FittedRecipe] | None = None,
) -> Refit:
    """Fit every recipe on all days, moved to the confirmed habits, and forecast.

    ``standing``: fits that no day of the channel changes, by name. A recipe that needs more days,
    or cannot be fitted to these, is left out with the reason.
    """
    moved = rebased(history, habits)
    made = Refit(history.newest, {}, {}, {})
    for name, recipe in recipes.items():
        if len(history) < recipe.min_days:
            made.left_out[name] = f"needs {recipe.min_days} days, and {len(history)} are known"
            continue
        try:
            known = (standing or {}).get(name)
            found = fitted_forecast(name, recipe, moved, horizon, known)
            made.fitted[name], made.forecasts[name] = found
        except DataError as error:
            made.left_out[name] = str(error)
    return made


def standing_fits(
    recipes: Mapping[str, Recipe], settings: RefitSettings, history: History, path: Path
) -> dict[str, FittedRecipe]:
    """Fits that no day of the channel changes, such as that of pooled: two seconds of a night.

    They are read from ``path``, and made and kept there where code, settings or H are others.
    """
    named = {name: recipe for name, recipe in recipes.items() if _same_for_all(recipe)}
    keys = {name: f"{name}@{settings.codes[name]}@{settings.horizon}" for name in named}
    by_key = {keys[name]: recipe for name, recipe in named.items()}
    if not named or len(history) < max(recipe.min_days for recipe in named.values()):
        return {}
    try:
        found = kept_recipes.load_fits(path, by_key, settings.horizon)
    except DataError:
        found = {key: recipe.fit(history, settings.horizon) for key, recipe in by_key.items()}
        kept_recipes.save_fits(path, found)
    return {name: found[key] for name, key in keys.items()}


def _same_for_all(recipe: Recipe) -> bool:
    return bool(getattr(recipe, "same_for_all", False))


def store(made: Refit, root: Path, channel: str) -> None:
    """Write the folder of tonight's refit."""
    folder = folders.claim(root, refit_path(root, channel), REFIT)
    kept_recipes.save_fits(folder / ARRAYS, made.fitted)
    about = {
        "newest": made.newest.isoformat(),
        "forecasts": {name: log.tolist() for name, log in made.forecasts.items()},
        "left_out": made.left_out,
    }
    contents.write(folder, FILE, about, [ARRAYS])
    folders.note_made(folder, REFIT)


def load(recipes: Mapping[str, Recipe], horizon: int, root: Path, channel: str) -> Refit:
    """Read tonight's refit back. Refuses (DataError) a missing one, and one that was changed."""
    folder = refit_path(root, channel)
    todo = "remove the folder and run `make retrain` again"
    about = contents.read(folder, FILE, ("newest", "forecasts", "left_out"), todo).about
    kept = {name: log for name, log in about["forecasts"].items() if name in recipes}
    forecasts = {name: np.array(log) for name, log in kept.items()}
    used = {name: recipes[name] for name in forecasts}
    fitted = kept_recipes.load_fits(folder / ARRAYS, used, horizon)
    return Refit(date.fromisoformat(about["newest"]), fitted, forecasts, about["left_out"])
