"""The configuration as typed objects: every key is checked where it is declared.

Hydra composes ``conf/`` into plain mappings; ``parse`` turns one into a ``Config`` or refuses it
with the key, the value and what is allowed, before any work. A section that names a class in
``_target_`` becomes an object of that class, so that a new model, trainer or data set is one class
and one YAML file.
"""

import hashlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.errors import ConfigError
from viewcast.holdout import Holdout
from viewcast.published import Published

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
OBJECTS = ("data", "model", "trainer", "loss")
NOT_IDENTITY = ("tracking", "output", "published")
BUDGET = ("looks", "optimism")
PREPARATION = ("name", "raw", "unit", "scale", "lags", "country", "splits", "column")


@dataclass(frozen=True, config=STRICT)
class Tracking:
    """Where runs are logged: ``uri`` and ``artifacts`` (absolute), ``experiment`` (a name).

    ``flush_seconds``: at most so much of a curve is lost in a crash.
    """

    uri: str
    artifacts: str | None
    experiment: str
    flush_seconds: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """One run: data, model, trainer and loss, how its holdout is guarded, seed and thread count.

    ``name``: the experiment. ``device``: where gradient descent runs. ``output``: the folder of the
    results, null to name it after the identity. ``plain``: the mapping that this was parsed from.
    """

    name: str
    data: Any
    model: Any
    trainer: Any
    loss: Any
    holdout: Holdout
    tracking: Tracking
    published: Published | None
    seed: Annotated[int, Field(ge=0)]
    threads: Annotated[int, Field(ge=1)]
    device: Literal["cpu", "cuda", "auto"]
    output: str | None
    plain: dict[str, Any]

    def identity(self) -> str:
        """Hash of what decides the result (16 hex): all but tracking, output and budget."""
        deciding = without_budget(self.plain).items()
        return digest({key: value for key, value in deciding if key not in NOT_IDENTITY})

    def reference(self) -> Published | None:
        """The published figure: that of the experiment, or the data set's for this model."""
        if self.name == "main":
            return self.published or self.data.published.get(self.model.name)
        return self.published

    def preparation(self) -> str:
        """Hash of the settings that decide the prepared table."""
        return preparation(self.plain["data"])


def parse(plain: Mapping[str, Any]) -> Config:
    """A composed mapping as a Config; refuses (ConfigError) unknown, impossible, contradictory."""
    built = dict(plain)
    for section in OBJECTS:
        if section in built:
            built[section] = build(built[section], section)
    if isinstance(built.get("holdout"), Mapping):
        built["holdout"] = _holdout(built["holdout"])
    if "plain" in plain:
        raise ConfigError("unknown key plain; allowed: " + ", ".join(_keys(Config)))
    config: Config = construct(Config, {**built, "plain": dict(plain)}, "")
    for section, part in (("model", "kind"), ("trainer", "serves"), ("loss", "rows")):
        if not hasattr(built[section], part):
            raise ConfigError(f"{section}._target_ = {plain[section]['_target_']}: no {section}")
    if config.model.kind not in config.trainer.serves:
        raise ConfigError(
            f"trainer = {config.trainer.name} cannot train model = {config.model.name}: it serves "
            f"models of kind {', '.join(config.trainer.serves)}, this one is a {config.model.kind}"
        )
    if config.holdout.release is not None and getattr(config.trainer, "keep", "") == "best":
        raise ConfigError(
            f"holdout.release = {config.holdout.release.name} contradicts trainer.keep = best, "
            "which looks at the raw validation score after every epoch; choose trainer.keep=last "
            "trainer.patience=null, or holdout.release=null"
        )
    return config


def _holdout(section: Mapping[str, Any]) -> Holdout:
    given = dict(section)
    if given.get("release") is not None:
        if not isinstance(given["release"], Mapping):
            raise ConfigError(
                f"holdout.release = {given['release']!r}: expected null or a section with _target_"
            )
        given["release"] = build(given["release"], "holdout.release")
        if not hasattr(given["release"], "release"):
            target = section["release"]["_target_"]
            raise ConfigError(f"holdout.release._target_ = {target}: no release")
    holdout: Holdout = construct(Holdout, given, "holdout")
    return holdout


def build(section: Mapping[str, Any], where: str) -> Any:
    """The object of a section: the class named by ``_target_``, given the other keys."""
    given = dict(section)
    target = given.pop("_target_", None)
    if target is None:
        raise ConfigError(f"{where}._target_ is missing; expected the class to build")
    try:
        cls = pkgutil.resolve_name(target)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{where}._target_ = {target}: no such class ({error})") from error
    if not is_dataclass(cls):
        raise ConfigError(f"{where}._target_ = {target}: no class of settings")
    return construct(cls, given, where)


def construct(cls: Any, given: Mapping[str, Any], where: str) -> Any:
    """An instance of a checked dataclass, or a ConfigError that names each wrong key."""
    known = _keys(cls)
    prefix = f"{where}." if where else ""
    unknown = [f"{prefix}{key}" for key in given if key not in (*known, "plain")]
    if unknown:
        shown = [f"{prefix}{key}" for key in known]
        raise ConfigError(
            f"unknown key {', '.join(unknown)}; allowed: {', '.join(shown) or 'none'}"
        )
    try:
        return cls(**given)
    except ValidationError as error:
        raise ConfigError(_explain(error, prefix, given)) from error


def _keys(cls: Any) -> list[str]:
    return [field.name for field in fields(cls) if field.name != "plain"]


def _path(location: tuple[Any, ...], given: Any) -> list[str]:
    """The keys on the way; pydantic puts the members of unions between them."""
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
                message = f"{key} = {problem['input']!r}: {message}"
            lines.append(message if problem["loc"] else f"{key}{message}")
    return "\n".join(lines)


def without_budget(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A composed mapping less the budget of its holdout, which decides no result."""
    guarded = {k: v for k, v in plain["holdout"].items() if k not in BUDGET}
    return {**plain, "holdout": guarded}


def preparation(data: Mapping[str, Any]) -> str:
    """Hash of the part of a data section that decides the prepared table."""
    return digest({key: value for key, value in data.items() if key in PREPARATION})


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of plain values (16 hex)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
