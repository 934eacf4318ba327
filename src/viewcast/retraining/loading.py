"""What a night needs next is loaded while it waits for its refit.

A night spends seconds on imports: of MLflow, of the libraries that recipes are fitted with, which
the guard needs too, and of the pictures. The refit is a child process with a processor of its own.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

NEXT = (
    "viewcast.retraining.night_steps",
    "mlflow.pyfunc.model",
    "lightgbm",
    "statsforecast.theta",
    "viewcast.report.figures.gallery",
)
DATABASE = "mlflow.store.tracking.sqlalchemy_store"  # where the store is no server


@contextmanager
def loading(uri: str, modules: Sequence[str] = NEXT) -> Iterator[None]:
    """Import ``modules`` while the block runs; the end of the block waits for them.

    ``uri``: of the tracking store. What cannot be imported is passed over: whoever needs it says
    so.
    """
    needed = modules if uri.startswith("http") else (*modules, DATABASE)
    thread = threading.Thread(target=_load, args=(needed,))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        with suppress(Exception):
            import_module(name)
