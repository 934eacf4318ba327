"""Sections of the configuration as typed objects; the class of a section checks its keys.

A section that names a class in ``_target_`` becomes an object of that class. So a new model,
trainer, loss or data set is one class and one YAML file.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Protocol

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass
from typing_extensions import get_protocol_members

from viewcast.base.errors import ConfigError
from viewcast.base.plugins import named_class
from viewcast.base.quoted import MOST, shortened, shown

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True, config=STRICT)
class Tracking:
    """Where runs are logged: ``uri`` and ``artifacts`` (absolute), ``experiment`` (a name).

    ``flush_seconds``: how much of a curve a crash may lose, at most.
    """

    uri: str
    artifacts: str | None
    experiment: str
    flush_seconds: Annotated[float, Field(ge=0)]


def build(section: Mapping[str, Any], where: str, expected: type = object) -> Any:
    """An instance of the class that ``_target_`` names, made from the other keys of a section.

    A key that holds a section with a ``_target_`` of its own becomes an object first.
    ``expected``: a Protocol, all members of which the instance must have, or a base class. Refuses
    (ConfigError) what ``viewcast.base.plugins.named_class`` does, a class that lacks what is
    expected, and wrong keys.
    """
    given = filled(section, where)
    target = given.pop("_target_", None)
    if target is None:
        raise ConfigError(f"{where}._target_ is missing; expected the class to build")
    cls = named_class(target, f"{where}._target_")
    for key, value in given.items():
        if isinstance(value, Mapping) and "_target_" in value:
            given[key] = build(value, f"{where}.{key}")
    made = construct(cls, given, where)
    lacking = _lacking(made, expected)
    if lacking:
        raise ConfigError(
            f"{where}._target_ = {target}: it lacks {lacking}; expected what "
            f"{expected.__module__}.{expected.__name__} has"
        )
    return made


def _lacking(made: Any, expected: type) -> str:
    """What an object lacks of a Protocol or a base class, in words; empty where it is complete."""
    if Protocol in expected.__mro__:
        members = sorted(get_protocol_members(expected))
        return ", ".join(name for name in members if not hasattr(made, name))
    return "" if isinstance(made, expected) else f"the base class {expected.__name__}"


def construct(cls: Any, given: Mapping[str, Any], where: str) -> Any:
    """An instance of a checked dataclass, or a ConfigError that names each wrong key."""
    given = filled(given, where)
    known = keys(cls)
    prefix = f"{where}." if where else ""
    wrong = [key for key in given if key not in (*known, "plain")]
    unknown = [shortened(f"{prefix}{key}", MOST) for key in wrong]
    if unknown:
        allowed = [f"{prefix}{key}" for key in known]
        raise ConfigError(
            f"unknown key {', '.join(unknown)}; allowed: {', '.join(allowed) or 'none'}"
        )
    try:
        return cls(**given)
    except ValidationError as error:
        raise ConfigError(_explain(error, prefix, given)) from error
    except TypeError as error:  # of a class without checks, such as a recipe
        raise ConfigError(f"{where or cls.__name__}: {error}") from error


def section(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A section of the configuration. Refuses (ConfigError) one that an override has taken away, or
    put a value in the place of.
    """
    return filled(config.get(name), name)


def filled(given: Any, where: str) -> dict[str, Any]:
    """The keys of a section; refuses (ConfigError) a value in its place."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} = {shown(given)}: expected a section of the configuration")
    return dict(given)


def keys(cls: Any) -> list[str]:
    """The names of the keys that a checked dataclass takes."""
    return [field.name for field in fields(cls) if field.name != "plain"]


def _path(location: tuple[Any, ...], given: Any) -> list[str]:
    """The keys that lead to a wrong value; pydantic puts members of unions between them."""
    keys = []
    for part in location:
        inside = range(len(given)) if isinstance(given, list) else given
        if isinstance(given, Mapping | list) and part in inside:
            keys.append(str(part))
            given = given[part]
    return keys


def _explain(error: ValidationError, prefix: str, given: Mapping[str, Any]) -> str:
    lines = []
    for problem in error.errors():
        location, missing = problem["loc"], problem["type"] == "missing"
        keys = _path(location, given) + ([str(location[-1])] if missing else [])
        key = prefix + ".".join(keys)
        if missing:
            lines.append(f"{key} is missing; it has no default")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            if problem["loc"]:
                message = f"{key} = {shown(problem['input'])}: {message}"
            lines.append(message if problem["loc"] else f"{key}{message}")
    return "\n".join(lines)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of plain values (16 hex)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
