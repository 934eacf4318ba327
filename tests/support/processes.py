"""Processes of their own that start at once: a server has imported what takes seconds.

They are forked from the server, in which nothing was computed and no store was reached: each is as
good as a new interpreter.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(
    [
        "pytest",
        "support.project",
        "support.killed",
        "viewcast.runs.sweep",
        "viewcast.retraining.night_steps",
        "viewcast.referee.folder",
        "viewcast.training.descent",
        # What nights load while they wait for their refit, for which here no process is started.
        "viewcast.retraining.retrain",
        "viewcast.report.figures.gallery",
        "mlflow.pyfunc.model",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.store.model_registry.sqlalchemy_store",
    ]
)
KILLED = -signal.SIGKILL


def exit_codes(calls: list[tuple[Callable[..., None], tuple[Any, ...]]]) -> list[int | None]:
    """Make each call in a process of its own, all at the same time; -n for the signal n.

    The functions must be importable: of a module, and not of a test.
    """
    processes = [FRESH.Process(target=function, args=arguments) for function, arguments in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def exit_code(function: Callable[..., None], *arguments: Any) -> int | None:
    """Make a call in a process of its own; -n if the signal n ended it."""
    (code,) = exit_codes([(function, arguments)])
    return code


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
