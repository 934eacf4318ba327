"""The command: one night, or several one after another, and how each of them ended."""

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
from viewcast.retraining.lock import held
from viewcast.retraining.night import Keeper, Night
from viewcast.retraining.outcome import Ending, ended
from viewcast.retraining.refresh import RefusedError
from viewcast.retraining.reproduce import Dvc, tell_stages
from viewcast.retraining.settings import Settings
from viewcast.training.config import Config, parse

Compose = Callable[[list[str]], dict[str, Any]]
Keep = Callable[[Path, int], Keeper]
NIGHTLY = ["data=live", "model=linear", "tracking=nightly"]


def nights(
    settings: Settings, root: Path, compose: Compose, keep: Keep = Dvc
) -> Iterator[dict[str, Any]]:
    """The outcome of each night that was asked for; none after one that failed.

    ``compose``: makes a mapping of Hydra overrides. ``keep``: who keeps data and recomputes.
    """
    config = nightly(settings, compose)
    first = settings.today()
    for number in range(settings.retrain.nights):
        told = _one(settings, config, root, first + timedelta(days=number), keep)
        yield told
        if told["outcome"] == "failed":
            return


def nightly(settings: Settings, compose: Compose) -> Config:
    """What the runs of a night share: the live data, the loss, and the store of this retraining."""
    # A store that does not answer shall end the night in seconds, not in minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    tell_stages(settings.source.label, "night", settings.tracking)
    return replace(parse(compose(NIGHTLY)), tracking=settings.tracking)


def _one(settings: Settings, config: Config, root: Path, today: date, keep: Keep) -> dict[str, Any]:
    begun = time.monotonic()
    ending: Ending = "failed"
    try:
        with held(lock_path(root)) as lock:
            dvc = keep(root, lock)
            return Night(settings, config, root, today, dvc).run()
    except LockedError as error:
        return ended("locked", str(error), today, begun)
    except SourceError as error:
        ending, reason = "unreachable", str(error)
    except RefusedError as error:
        ending, reason = "refused", str(error)
    except Exception as error:  # noqa: BLE001 (a scheduler must be told how the night ended)
        reason = str(error) or type(error).__name__
        if not isinstance(error, ViewcastError | OSError):
            traceback.print_exc()
    print(f"retrain.py: {reason}", file=sys.stderr)
    told = ended(ending, reason, today, begun)
    try:
        append(outcomes_path(root), told)
    except OSError as error:  # the disk is full: the line on standard output is all there is
        print(f"retrain.py: {outcomes_path(root)}: not written ({error})", file=sys.stderr)
    return told
