"""Packages of MLflow that recording a run does not use: their code runs at their first use.

``import mlflow`` imports its generative part, with web frameworks, a quarter of a second of CPU
time. The import of a deferred package makes an empty module with the right path, so that its
submodules can be imported. The first look at anything else in it runs its code.
"""

import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

KNOWN = "3.17."  # the versions of MLflow in which nothing else depends on when these are imported
UNUSED = (
    "mlflow.gateway",
    "mlflow.genai",
    "mlflow.genai.judges",
    "mlflow.genai.scorers",
    "mlflow.genai.scorers.online",
)

_one_at_a_time = threading.RLock()


def defer() -> None:
    """Defer what is not used, where MLflow has a known version and has not been imported yet."""
    if "mlflow" not in sys.modules and _is_known():
        sys.meta_path.insert(0, _Finder())


def _is_known() -> bool:
    try:
        return version("mlflow-skinny").startswith(KNOWN)
    except PackageNotFoundError:
        return False


class _Finder(MetaPathFinder):
    """Finds the packages that are deferred, where Python finds them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for any other module: the next finder is asked."""
        spec = PathFinder.find_spec(name, path, target) if name in UNUSED else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Deferred(spec.loader)
        return spec


class _Deferred(Loader):
    """Runs the code of a package at the first look at what its module does not have yet."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module that Python would make."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Only get ready."""

        def look(name: str) -> Any:
            if name.startswith("__"):  # Python's own questions about a module
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            _run(module)
            return getattr(module, name)

        module.__dict__["__getattr__"] = look


def _run(module: ModuleType) -> None:
    """Run the code of a deferred package, after that of those that it lies in.

    So packages that import each other run in the order in which MLflow would import them.
    """
    with _one_at_a_time:
        parent = module.__name__.rpartition(".")[0]
        if parent:
            _run(sys.modules[parent])
        spec = module.__spec__
        if spec is not None and isinstance(spec.loader, _Deferred):
            del module.__dict__["__getattr__"]
            module.__loader__ = spec.loader = spec.loader.loader
            spec.loader.exec_module(module)
