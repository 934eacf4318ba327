"""What a night needs next is loaded while it waits for a child process.

A night spends seconds on imports: of the libraries that recipes are fitted with, which the guard
needs too, of the pictures, and of what MLflow stores a model with. Meanwhile the child has a
processor of its own.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

NEXT = (
    "mlflow.pyfunc.model",
    "lightgbm",
    "statsforecast.theta",
    "viewcast.report.figures.gallery",
)


@contextmanager
def loading(modules: Sequence[str] = NEXT) -> Iterator[None]:
    """Import ``modules`` while the block runs; the end of the block waits for them.

    What cannot be imported is passed over: whoever needs it says so.
    """
    thread = threading.Thread(target=_load, args=(modules,))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        with suppress(Exception):
            import_module(name)
