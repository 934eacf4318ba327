"""Which classes a configuration may name in ``_target_``: those of viewcast and of listed plug-ins.

To import a module is to run its code, and a configuration may come from anywhere: a run on a shared
server, a colleague's file, an argument. So a name is checked before anything is imported. The list
of plug-ins is no key of the configuration, which could then let itself in. It is the environment
variable ``VIEWCAST_PLUGINS``, which belongs to whoever starts the program.
"""

import os
import pkgutil
import re
from dataclasses import is_dataclass
from typing import Any

from viewcast.base.errors import ConfigError
from viewcast.base.quoted import MOST, shortened, shown

OWN = "viewcast"
PLUGINS = "VIEWCAST_PLUGINS"  # names of packages or modules, separated by commas
DOTTED = re.compile(r"[^\W\d]\w*([.:][^\W\d]\w*)+")


def plugins() -> list[str]:
    """The packages and modules that are listed."""
    return [name.strip() for name in os.environ.get(PLUGINS, "").split(",") if name.strip()]


def named_class(target: Any, key: str) -> Any:
    """The dataclass of that dotted name; ``key`` names the setting in messages.

    Refuses (ConfigError), before it imports anything, a name outside of viewcast and of the listed
    plug-ins; then what cannot be imported, what has no settings, and a class that was made
    elsewhere and is only found by way of an allowed module.
    """
    if not isinstance(target, str) or not DOTTED.fullmatch(target):
        raise ConfigError(f"{key} = {shown(target)}: expected the dotted name of a class")
    named = shortened(target, MOST)
    if not _allowed(target):
        package = re.split("[.:]", target)[0]
        raise ConfigError(
            f"{key} = {named}: {shortened(package, MOST)} is neither viewcast nor a listed plug-in "
            f"({', '.join(plugins()) or 'none is listed'}), so it is not imported. If you trust "
            f"its code, list it: {PLUGINS}={shortened(package, MOST)} before the command"
        )
    try:
        found = pkgutil.resolve_name(target)
    except (ImportError, AttributeError, ValueError) as error:
        why = shortened(str(error), MOST)
        raise ConfigError(f"{key} = {named}: no such class ({why})") from error
    if not (isinstance(found, type) and is_dataclass(found)):
        raise ConfigError(f"{key} = {named}: has no settings; expected a dataclass")
    if not _allowed(f"{found.__module__}."):
        raise ConfigError(
            f"{key} = {named}: is a class of {found.__module__}, which is no listed plug-in"
        )
    return found


def _allowed(name: str) -> bool:
    """Whether a dotted name lies in viewcast or in a listed plug-in."""
    dotted = name.replace(":", ".")
    return any(dotted.startswith(f"{package}.") for package in (OWN, *plugins()))
