"""The command: one night, or several one after another, and the outcome of each."""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from viewcast.base.errors import LockedError, SourceError, ViewcastError
from viewcast.base.files import append
from viewcast.base.paths import night_lock_path, nights_log_path
from viewcast.retraining.lock import held
from viewcast.retraining.night import Night
from viewcast.retraining.outcome import Ending, ended
from viewcast.retraining.refresh import RefusedError
from viewcast.retraining.settings import Settings
from viewcast.retraining.versioning import Dvc, Versioning

Making = Callable[[Path, Settings, int], Versioning]  # the number: descriptor of the night's lock


def with_dvc(root: Path, settings: Settings, lock: int) -> Versioning:
    """The data versioning of a channel."""
    return Dvc(root, settings.retrain.channel, lock, settings.retrain.remote)


def nights(
    settings: Settings, root: Path, versioning: Making = with_dvc
) -> Iterator[dict[str, Any]]:
    """The outcome of each of ``settings.retrain.nights`` nights; stops after one that failed.

    ``versioning``: makes the data versioning.
    """
    # A store that does not answer shall end the night in seconds, not in minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    first = settings.today()
    for number in range(settings.retrain.nights):
        outcome = _night(settings, root, first + timedelta(days=number), versioning)
        yield outcome
        if outcome["outcome"] == "failed":
            return


def _night(settings: Settings, root: Path, today: date, versioning: Making) -> dict[str, Any]:
    """One night; every error becomes an outcome, which is logged and returned."""
    begun, channel = time.monotonic(), settings.retrain.channel
    ending: Ending = "failed"
    try:
        with held(night_lock_path(root, channel)) as lock:
            return Night(settings, root, today, versioning(root, settings, lock)).run()
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
    log = nights_log_path(root, channel)
    try:
        append(log, outcome)
    except OSError as error:  # the disk is full: only the line on standard output is left
        print(f"retrain.py: {log}: not written ({error})", file=sys.stderr)
    return outcome
