"""The recipes of a night: made from the configuration, named by what they do, kept in a file.

Shape letters: H days ahead.
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.files import replacing
from viewcast.base.provenance import code_digest
from viewcast.base.settings import build, digest, filled
from viewcast.forecast.ledger import COMBINATION, SERVED
from viewcast.forecast.recipe import FittedRecipe, Recipe

RESERVED = (COMBINATION, SERVED)  # names of forecasts that are made of those of recipes
DAMAGES = (  # what reading a damaged file of arrays raises
    *(OSError, EOFError, LookupError, TypeError, ValueError, AttributeError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
BETWEEN = "/"  # of the names of a recipe and of its array


def configured(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Recipe]:
    """The recipes of the section ``recipes``, by name.

    Refuses (ConfigError) none at all, wrong keys, and a name that means something else.
    """
    if not filled(sections, "recipes"):
        raise ConfigError("found no recipe; expected one or more: type recipe=[rhythm,...]")
    for name in sections:
        if name in RESERVED or BETWEEN in name:
            raise ConfigError(
                f"recipes.{name}: found a name that is taken or holds {BETWEEN!r}; expected one "
                f"other than {', '.join(RESERVED)}: rename it in its file of conf/recipe"
            )
    return {name: build(keys, f"recipes.{name}", Recipe) for name, keys in sections.items()}


def plain(recipe: Recipe) -> dict[str, Any]:
    """Class and settings of a recipe as values of JSON, as in its file; ``build`` takes them."""
    cls = type(recipe)
    settings = TypeAdapter(cls).dump_python(recipe, mode="json")
    return {"_target_": f"{cls.__module__}.{cls.__qualname__}", **settings}


def identity(*recipes: Recipe) -> str:
    """Hash of the code and of the settings of recipes, in any order (16 hex).

    It changes with all that could change a forecast of the same days, but the libraries.
    """
    code = code_digest(*sorted({type(recipe).__module__ for recipe in recipes}))
    return digest([code, *sorted(digest(plain(recipe)) for recipe in recipes)])


def identities(recipes: Mapping[str, Recipe], combination: Sequence[str]) -> dict[str, str]:
    """The identity of each recipe, and of COMBINATION: that of its members together."""
    members = [recipes[name] for name in combination if name in recipes]
    own = {name: identity(recipe) for name, recipe in recipes.items()}
    return {**own, COMBINATION: identity(*members)}


def save_fits(path: Path, fits: Mapping[str, FittedRecipe]) -> None:
    """Write what fits have found, by name of the recipe; the same fits give the same bytes."""
    arrays = {
        f"{name}{BETWEEN}{key}": array
        for name, fit in sorted(fits.items())
        for key, array in sorted(fit.arrays().items())
    }
    with replacing(path) as partial:
        np.savez(partial, **arrays)  # type: ignore[arg-type] # a name of numpy's own is no array


def load_fits(path: Path, recipes: Mapping[str, Recipe], horizon: int) -> dict[str, FittedRecipe]:
    """The fits of ``recipes`` in a file of ``save_fits``, which forecast as before, bit for bit.

    Refuses (DataError) a file that lacks one of them or is damaged.
    """
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            found: dict[str, dict[str, Any]] = {}
            for key in file.files:
                name, _, part = key.partition(BETWEEN)
                found.setdefault(name, {})[part] = file[key]
        return {
            name: recipe.restored(found.get(name, {}), horizon) for name, recipe in recipes.items()
        }
    except DAMAGES as error:
        raise DataError(
            f"{path}: holds no fits of {', '.join(recipes)} ({error!r}); expected a file that a "
            "refit wrote: run the night again"
        ) from error
