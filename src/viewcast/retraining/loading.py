"""What a night needs next is loaded while it waits for its refit.

A night spends seconds on imports: of MLflow, of the libraries that its recipes are fitted with,
which the guard needs too, and of the pictures. The refit is a child process with a processor of its
own.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

from viewcast.forecast.recipe import Recipe

NEXT = (
    "viewcast.retraining.night_steps",
    "mlflow.pyfunc.model",
    "viewcast.report.figures.gallery",
)
LIBRARIES = {  # by the module of the recipe that is fitted with it
    "viewcast.forecast.boosted": "lightgbm",
    "viewcast.forecast.theta": "statsforecast.theta",
}
DATABASE = "mlflow.store.tracking.sqlalchemy_store"  # where the store is no server


def needed(recipes: Iterable[Recipe]) -> list[str]:
    """The modules that a night of these recipes needs next."""
    known = (LIBRARIES.get(type(recipe).__module__) for recipe in recipes)
    return [*NEXT, *filter(None, known)]


@contextmanager
def loading(uri: str, modules: Sequence[str]) -> Iterator[None]:
    """Import ``modules`` while the block runs; the end of the block waits for them.

    ``uri``: of the tracking store. What cannot be imported is passed over: whoever needs it says
    so.
    """
    wanted = modules if uri.startswith("http") else (*modules, DATABASE)
    thread = threading.Thread(target=_load, args=(wanted,))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        with suppress(Exception):
            import_module(name)
