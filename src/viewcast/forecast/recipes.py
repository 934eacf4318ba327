"""The recipes of a configuration, and the identity of each: its code and its settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from viewcast.base.errors import ConfigError
from viewcast.base.provenance import code_digest
from viewcast.base.settings import build, digest
from viewcast.forecast.ledger import COMBINATION, SERVED
from viewcast.forecast.recipe import Recipe

Sections = Mapping[str, Mapping[str, Any]]  # by name of the recipe


def recipes_of(sections: Sections) -> dict[str, Recipe]:
    """The recipes by name; refuses (ConfigError) none, names that are taken, and wrong keys."""
    if not sections:
        raise ConfigError("recipes: found none; choose some of conf/recipe by recipe=[...]")
    for name in (COMBINATION, SERVED):
        if name in sections:
            raise ConfigError(f"recipes.{name}: this name is taken; name the recipe otherwise")
    return {name: build(part, f"recipes.{name}", Recipe) for name, part in sections.items()}


def identities(sections: Sections, combination: Sequence[str]) -> dict[str, str]:
    """The identity (16 hex) of each recipe and of COMBINATION: hash of its settings and its code.

    That of the combination holds those of its members.
    """
    own = {
        name: digest([dict(part), code_digest(str(part["_target_"]).rpartition(".")[0])])
        for name, part in sections.items()
    }
    members = {name: own[name] for name in combination if name in own}
    return {**own, COMBINATION: digest([members, code_digest("viewcast.forecast.combination")])}
