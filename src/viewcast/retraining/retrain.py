"""The command: one night, or several one after another, and the outcome of each."""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from viewcast.base.errors import LockedError, SourceError, ViewcastError
from viewcast.base.files import append
from viewcast.base.paths import lock_path, outcomes_path
from viewcast.retraining.data_versioning import DataVersioning, Dvc, set_stage_environment
from viewcast.retraining.lock import held
from viewcast.retraining.night import Night
from viewcast.retraining.outcome import Ending, ended
from viewcast.retraining.refresh import RefusedError
from viewcast.retraining.settings import Settings
from viewcast.training.config import Config, parse

Compose = Callable[[list[str]], dict[str, Any]]
Versioning = Callable[[Path, int], DataVersioning]  # from the project and the lock's descriptor
NIGHTLY = ["data=live", "model=linear", "tracking=nightly"]


def nights(
    settings: Settings, root: Path, compose: Compose, versioning: Versioning = Dvc
) -> Iterator[dict[str, Any]]:
    """The outcome of each of ``settings.retrain.nights`` nights; stops after one that failed.

    ``compose``: makes a mapping from Hydra overrides. ``versioning``: makes the data versioning.
    """
    config = nightly(settings, compose)
    first = settings.today()
    for number in range(settings.retrain.nights):
        today = first + timedelta(days=number)
        outcome = _night(settings, config, root, today, versioning)
        yield outcome
        if outcome["outcome"] == "failed":
            return


def nightly(settings: Settings, compose: Compose) -> Config:
    """The configuration that all runs of a night share: live data, loss, and tracking store."""
    # A store that does not answer shall end the night in seconds, not in minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    set_stage_environment(settings.source.label, "night", settings.tracking)
    return replace(parse(compose(NIGHTLY)), tracking=settings.tracking)


def _night(
    settings: Settings, config: Config, root: Path, today: date, versioning: Versioning
) -> dict[str, Any]:
    """One night; every error becomes an outcome, which is logged and returned."""
    begun = time.monotonic()
    ending: Ending = "failed"
    try:
        with held(lock_path(root)) as lock:
            return Night(settings, config, root, today, versioning(root, lock)).run()
    except LockedError as error:
        return ended("locked", str(error), today, begun)
    except SourceError as error:
        ending, reason = "unreachable", str(error)
    except RefusedError as error:
        ending, reason = "refused", str(error)
    except Exception as error:  # noqa: BLE001 (the scheduler needs an exit code in every case)
        reason = str(error) or type(error).__name__
        if not isinstance(error, ViewcastError | OSError):
            traceback.print_exc()
    print(f"retrain.py: {reason}", file=sys.stderr)
    outcome = ended(ending, reason, today, begun)
    try:
        append(outcomes_path(root), outcome)
    except OSError as error:  # the disk is full: only the line on standard output is left
        print(f"retrain.py: {outcomes_path(root)}: not written ({error})", file=sys.stderr)
    return outcome
