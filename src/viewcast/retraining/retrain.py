"""The command: one night, or several one after another, and the outcome of each."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from viewcast.base.errors import LockedError, SourceError
from viewcast.base.failures import debugging, sentence
from viewcast.base.files import append
from viewcast.base.paths import night_lock_path, nights_log_path
from viewcast.retraining.branch import Branch
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

    Each is told to those whom ``settings.notify`` names. ``versioning``: makes
    the data versioning.
    """
    first = settings.today()
    for number in range(settings.retrain.nights):
        outcome = _night(settings, root, first + timedelta(days=number), versioning)
        settings.notify.tell(outcome, settings.retrain.channel)
        yield outcome
        if outcome["outcome"] == "failed":
            return


def _night(settings: Settings, root: Path, today: date, versioning: Making) -> dict[str, Any]:
    """One night; every error becomes an outcome, which is logged and returned."""
    begun, retrain = time.monotonic(), settings.retrain
    failed = partial(_failed, root, retrain.channel, today, begun)
    try:
        with held(night_lock_path(root, retrain.channel)) as lock:
            dvc = versioning(root, settings, lock)
            work = partial(_told, Night(settings, root, today, dvc).run, failed)
            if retrain.git == "commit":
                branch = Branch(root, retrain.channel, retrain.branch)
                return _told(partial(_on_branch, branch, work), failed)
            return work()
    except LockedError as error:
        return ended("locked", str(error), today, begun)


def _on_branch(branch: Branch, night: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A night that goes on from its branch, and commits what it keeps; a failed one, too."""
    branch.check()
    branch.restore()
    outcome = night()
    branch.commit(f"Night of {outcome['night']}: {outcome['outcome']}")
    return outcome


def _told(
    work: Callable[[], dict[str, Any]], failed: Callable[[Ending, str], dict[str, Any]]
) -> dict[str, Any]:
    """What ``work`` returns, or the outcome that its error is."""
    try:
        return work()
    except SourceError as error:
        return failed("unreachable", str(error))
    except RefusedError as error:
        return failed("refused", str(error))
    except Exception as error:  # noqa: BLE001 (the scheduler needs an exit code in every case)
        if debugging():
            traceback.print_exc()
        return failed("failed", sentence(error))


def _failed(
    root: Path, channel: str, today: date, begun: float, ending: Ending, reason: str
) -> dict[str, Any]:
    """The outcome of an error, written where a person and the next program look."""
    print(f"retrain.py: {reason}", file=sys.stderr)
    outcome = ended(ending, reason, today, begun)
    log = nights_log_path(root, channel)
    try:
        append(log, outcome)
    except OSError as error:  # the disk is full: only the line on standard output is left
        print(f"retrain.py: {log}: not written ({error})", file=sys.stderr)
    return outcome
