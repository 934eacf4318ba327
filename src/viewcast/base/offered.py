"""What a package offers by its own name, imported when it is first asked for."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def looked_up(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562). ``places``: of each name its module."""

    def look(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(places[name]), name)

    return look
