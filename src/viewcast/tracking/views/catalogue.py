"""All views of an experiment, in the order of the menu.

A module of this package that has a function ``views(shown)`` is found without a list.
"""

import importlib
import pkgutil
from typing import Protocol, cast

from viewcast.tracking import views as package
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.view import View


class ViewModule(Protocol):
    """A module that makes views of an experiment, of which it may also find none to make."""

    def views(self, shown: Shown) -> list[View]:
        """The views, as far as their runs are there."""


def views_of(shown: Shown) -> list[View]:
    """The views, by the number that their names begin with."""
    made = [view for module in _modules() for view in module.views(shown)]
    return sorted(made, key=lambda view: view.name.split(maxsplit=1)[0])


def _modules() -> list[ViewModule]:
    modules = [
        importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
    ]
    return [cast(ViewModule, module) for module in modules if hasattr(module, "views")]
