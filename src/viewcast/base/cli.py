"""The command line of every script: Hydra composes the configuration, errors become one message.

This is the only module that imports Hydra. The configuration lies in ``conf/``, in the parent of
the script's folder. That parent is the root of the project, and every path in the configuration is
relative to it.
"""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.config_repository import ConfigRepository
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, OverrideParseException
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from yaml import YAMLError

from viewcast.base.errors import ConfigError
from viewcast.base.quoted import shortened
from viewcast.base.top_level import say, top_level

Plain = dict[str, Any]
LONGEST = 1_000  # characters of what Hydra says, which repeats its arguments
# What Hydra lets through where a group gets a number, a list gets a key, or quotes do not end.
UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, OSError, RecursionError)

# Looking for garbage takes a fifth of the time of a script's other imports, which make nothing but
# what stays, and a last look at the end a quarter of a second.
gc.set_threshold(200_000, 20, 100)
atexit.register(gc.freeze)


def stage(
    script: str,
    config_name: str = "config",
    open_key: str | None = None,
    short: Mapping[str, str] | None = None,
    refused: Callable[[str, Plain | None], None] | None = None,
) -> Callable[[Callable[[Plain, Path], None]], Callable[[], None]]:
    """Make ``main(config, root)`` a Hydra program; ``config`` is the composed mapping.

    ``open_key``: a section that takes any key, and ``range(n)`` as a value (Hydra would read that
    as a sweep of its own). ``short``: names of arguments and the keys they stand for. Their values
    are taken as text. It is for names that Hydra would read as a group of conf/.
    ``refused``: called with the message of a refusal, and with the configuration if it could be
    composed.

    However it ends, there is one sentence and the right exit code (``viewcast.base.top_level``).
    """
    root, name = Path(script).resolve().parents[1], Path(script).name

    composed_so_far: list[Plain] = []

    def tell(message: str) -> None:
        say(f"{name}: {message}")
        if refused is not None:
            refused(message, composed_so_far[0] if composed_so_far else None)

    def decorate(main: Callable[[Plain, Path], None]) -> Callable[[], None]:
        @wraps(main)
        def checked(composed: DictConfig) -> None:
            with top_level(name, tell=tell):  # Hydra would print more of an error
                composed_so_far[:] = [plain(composed)]
                main(composed_so_far[0], root)

        def program() -> None:
            with top_level(name, tell=tell):
                composed_and_called()

        def composed_and_called() -> None:
            os.chdir(root)
            _resolve_root(root)
            if open_key is not None:
                sys.argv[1:] = [added_key(argument, open_key) for argument in sys.argv[1:]]
            if short is not None:
                sys.argv[1:] = [whole_key(argument, short) for argument in sys.argv[1:]]
            os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # raise errors; told above
            try:
                hydra.main(str(root / "conf"), config_name, version_base="1.3")(checked)()
            except HydraException as error:
                raise ConfigError(shortened(hydra_words(error), LONGEST)) from error
            except UNREADABLE as error:
                if composed_so_far:
                    raise
                told = shortened(str(error).partition("\n")[0], LONGEST)
                raise ConfigError(
                    f"the configuration cannot be composed ({told}); expected key=value"
                ) from error
            except YAMLError as error:
                raise ConfigError(f"a file of {root / 'conf'} is no YAML: {error}") from error

        return program

    return decorate


def compose(root: Path, overrides: Sequence[str], config_name: str = "config") -> Plain:
    """The configuration that a script would get for these overrides, as a mapping."""
    with _conf_of(root):
        return plain(hydra.compose(config_name, list(overrides)))


@contextmanager
def composing(root: Path) -> Iterator[Callable[..., Plain]]:
    """A function of ``overrides`` and ``config_name`` as ``compose``, for many configurations of
    one moment: each file of conf/ is read once.
    """

    def composed(overrides: Sequence[str], config_name: str = "config") -> Plain:
        return plain(hydra.compose(config_name, list(overrides)))

    with _conf_of(root):
        loader: Any = GlobalHydra.instance().config_loader()
        loader.repository = _ReadOnce(loader.config_search_path)
        yield composed


@contextmanager
def _conf_of(root: Path) -> Iterator[None]:
    _resolve_root(root)
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(str(root / "conf"), version_base="1.3"):
        yield


class _ReadOnce(ConfigRepository):
    """The files of conf/ as Hydra has read them.

    Hydra copies it for each configuration, and reads every file again in the copy. Here copies
    share what was read. Each composition gets a copy of that, because it changes what it is given.
    """

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        super().initialize_sources(config_search_path)
        self.known: dict[str, ConfigResult | None] = {}

    def load_config(self, config_path: str) -> ConfigResult | None:
        if config_path not in self.known:
            self.known[config_path] = super().load_config(config_path)
        found = self.known[config_path]
        return None if found is None else replace(found, config=deepcopy(found.config))

    def __deepcopy__(self, _: object) -> "_ReadOnce":
        return copy(self)


def added_key(argument: str, section: str) -> str:
    """An override of a key in an open section, written so that Hydra adds a key that is absent."""
    key, equals, value = argument.partition("=")
    if not equals or not key.startswith(f"{section}."):
        return argument
    return f"++{key}='{value}'" if value.startswith("range(") else f"++{key}={value}"


def whole_key(argument: str, short: Mapping[str, str]) -> str:
    """An override with the whole key for its short name; the value in quotes, except null."""
    name, equals, value = argument.partition("=")
    if not equals or name not in short:
        return argument
    if value == "null" or value[:1] in ("'", '"'):
        return f"{short[name]}={value}"
    escaped = value.replace("'", "\\'")
    return f"{short[name]}='{escaped}'"


def hydra_words(error: HydraException) -> str:
    """Hydra's message in one line; of an unknown key the keys that are allowed."""
    if isinstance(error, OverrideParseException):
        return f"{error.override!r} cannot be read; expected key=value, quoted if it has spaces"
    known = getattr(error.__cause__, "parent_node", None)
    if not isinstance(known, DictConfig):
        told = str(error).partition("Config search path:")[0].strip()
        return told.replace("\n\n", "; ").replace(":\n\t", ": ").replace("\n\t", ", ")
    keys = ", ".join(str(key) for key in known if key != "hydra")
    return f"unknown key {getattr(error.__cause__, 'full_key', '')}; allowed: {keys}"


def plain(composed: DictConfig) -> Plain:
    """The configuration as a mapping: interpolations resolved, the section of Hydra left out.

    Refuses (ConfigError) a value that is missing or cannot be resolved.
    """
    try:
        resolved = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = error.full_key
        raise ConfigError(f"{key} is missing; expected it among the words, as {key}=...") from error
    except OmegaConfBaseException as error:
        raise ConfigError(shortened(str(error).splitlines()[0], LONGEST)) from error
    assert isinstance(resolved, dict)
    return {str(key): value for key, value in resolved.items() if key != "hydra"}


def _resolve_root(root: Path) -> None:
    OmegaConf.register_new_resolver("root", lambda: str(root), replace=True)
