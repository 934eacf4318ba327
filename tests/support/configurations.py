"""Compositions of ``conf/`` that tests change: each is made once, from files that are read once."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from support.clone import REPOSITORY
from viewcast.base.cli import composing
from viewcast.base.errors import ConfigError
from viewcast.training.config import Config, parse

SERVER = "http://127.0.0.1:5000"


def options(group: str) -> list[str]:
    """The names of a group of ``conf/``: its choices, in order."""
    return sorted(file.stem for file in (REPOSITORY / "conf" / group).glob("*.yaml"))


@cache
def _composed(overrides: tuple[str, ...], config_name: str) -> dict[str, Any]:
    compose, hydra = _reading_once()
    instance = GlobalHydra.instance()
    before, instance.hydra = instance.hydra, hydra
    OmegaConf.register_new_resolver("root", lambda: str(REPOSITORY), replace=True)
    try:
        return compose(overrides, config_name)
    finally:
        instance.hydra = before


@cache
def _reading_once() -> tuple[Callable[..., dict[str, Any]], Any]:
    """What composes, and the Hydra that it needs, which knows the files that it has read."""
    with composing(REPOSITORY) as compose:
        return compose, GlobalHydra.instance().hydra


def composed(*overrides: str, config_name: str = "config") -> dict[str, Any]:
    """The mapping that a stage would get; the caller may change it."""
    return deepcopy(_composed(overrides, config_name))


def config_of(*overrides: str) -> Config:
    """The configuration of a run with these overrides."""
    return parse(composed(*overrides))


def refusal(*overrides: str) -> str:
    """Why the configuration with these overrides is refused."""
    return refusal_of(composed(*overrides))


def refusal_of(plain: dict[str, Any]) -> str:
    """Why this mapping is refused."""
    with pytest.raises(ConfigError) as caught:
        parse(plain)
    return str(caught.value)


def changed(plain: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The mapping with another value at a dotted key, which may be new."""
    result = deepcopy(plain)
    *sections, last = key.split(".")
    section = result
    for name in sections:
        section = section[name]
    section[last] = value
    return result


def without(plain: dict[str, Any], key: str) -> dict[str, Any]:
    """The mapping without a dotted key."""
    result = deepcopy(plain)
    *sections, last = key.split(".")
    section = result
    for name in sections:
        section = section[name]
    del section[last]
    return result
