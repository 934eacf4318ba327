"""Entry points: Hydra on one side, typed configuration and readable errors on the other.

The only module that imports Hydra. The configuration lies in ``conf/`` beside the folder of the
script; every path in it is relative to that project root.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from viewcast.base.errors import ConfigError, ViewcastError

Plain = dict[str, Any]


def stage(
    script: str,
    config_name: str = "config",
    open_key: str | None = None,
    short: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Plain, Path], None]], Callable[[], None]]:
    """Make ``main(config, root)`` a Hydra program; ``config`` is composed and plain.

    ``open_key``: a section that takes any key, and ``range(n)`` as a value (Hydra would take it for
    a sweep of its own). ``short``: names of arguments and the keys they stand for, whose values are
    taken as text; for names that Hydra would take for a group of conf/.

    An error of viewcast is printed in one piece, without a traceback, and exits with 1.
    """
    root = Path(script).resolve().parents[1]

    def decorate(main: Callable[[Plain, Path], None]) -> Callable[[], None]:
        @wraps(main)
        def checked(composed: DictConfig) -> None:
            try:
                main(plain(composed), root)
            except ViewcastError as error:
                print(f"{Path(script).name}: {error}", file=sys.stderr)
                sys.exit(1)

        def program() -> None:
            os.chdir(root)
            _resolve_root(root)
            if open_key is not None:
                sys.argv[1:] = [_opened(argument, open_key) for argument in sys.argv[1:]]
            if short is not None:
                sys.argv[1:] = [whole_key(argument, short) for argument in sys.argv[1:]]
            os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # errors as exceptions, told below
            try:
                hydra.main(str(root / "conf"), config_name, version_base="1.3")(checked)()
            except HydraException as error:
                print(f"{Path(script).name}: {_told(error)}", file=sys.stderr)
                sys.exit(1)

        return program

    return decorate


def compose(root: Path, overrides: Sequence[str], config_name: str = "config") -> Plain:
    """The mapping that a stage would get for these overrides."""
    _resolve_root(root)
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(str(root / "conf"), version_base="1.3"):
        return plain(hydra.compose(config_name, list(overrides)))


def _opened(argument: str, section: str) -> str:
    """An override of an open section in the form that adds the key if need be."""
    key, equals, value = argument.partition("=")
    if not equals or not key.startswith(f"{section}."):
        return argument
    return f"++{key}='{value}'" if value.startswith("range(") else f"++{key}={value}"


def whole_key(argument: str, short: Mapping[str, str]) -> str:
    """An override by the whole key instead of its short name, the value in quotes but for null."""
    name, equals, value = argument.partition("=")
    if not equals or name not in short:
        return argument
    if value == "null" or value[:1] in ("'", '"'):
        return f"{short[name]}={value}"
    escaped = value.replace("'", "\\'")
    return f"{short[name]}='{escaped}'"


def _told(error: HydraException) -> str:
    """Hydra's message; for an unknown key also the keys there are."""
    known = getattr(error.__cause__, "parent_node", None)
    if not isinstance(known, DictConfig):
        return str(error)
    keys = ", ".join(str(key) for key in known if key != "hydra")
    return f"{error}\nunknown key {getattr(error.__cause__, 'full_key', '')}; allowed: {keys}"


def plain(composed: DictConfig) -> Plain:
    """All interpolations resolved, nothing of Hydra left."""
    try:
        resolved = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).splitlines()[0]) from error
    assert isinstance(resolved, dict)
    return {str(key): value for key, value in resolved.items() if key != "hydra"}


def _resolve_root(root: Path) -> None:
    OmegaConf.register_new_resolver("root", lambda: str(root), replace=True)
