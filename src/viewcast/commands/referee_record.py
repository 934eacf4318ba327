"""Where a referee's submissions are recorded beside its folder: an MLflow store, or nowhere."""

import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewcast.base.errors import TrackingError
from viewcast.base.masked import masked
from viewcast.base.top_level import say

if TYPE_CHECKING:
    import pandas as pd

    from viewcast.referee.record import Closing, Submitted
    from viewcast.referee.terms import Plan
    from viewcast.tracking.write.refereed import RefereeRuns

EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
USUAL = "referee"
SQLITE = "sqlite:///"


def of_record(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where submissions are recorded."""
    for option in (
        click.option("--no-mlflow", is_flag=True, help="Record nothing outside of the folder."),
        click.option("--experiment", help="By default MLFLOW_EXPERIMENT_NAME, else referee."),
        click.option("--tracking-uri", help="The MLflow store; by default MLFLOW_TRACKING_URI."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Store:
    """An MLflow store by its ``uri``, and the name of an ``experiment`` in it."""

    uri: str
    experiment: str

    def __str__(self) -> str:
        return f"{masked(self.uri)}, experiment {self.experiment}"

    def recorder(self) -> "Heard":
        """What tells it of submissions. It is asked when there is something to tell."""
        from viewcast.tracking.patience import install  # noqa: PLC0415
        from viewcast.tracking.write.refereed import RefereeRuns  # noqa: PLC0415

        install()
        return Heard(RefereeRuns(self.uri, self.experiment))

    def used_up(self, holdout: str) -> str | None:
        """The name of a referee that has read these hidden rows; see ``refereed.used_up``."""
        from viewcast.tracking.write.refereed import used_up  # noqa: PLC0415

        return used_up(self.uri, holdout)


def store_of(options: Mapping[str, Any], known: Mapping[str, Any]) -> Store | None:
    """The store that is meant: by the options, else ``known`` from the start before, else as MLflow
    finds its own; None for nowhere.
    """
    if options["no_mlflow"]:
        return None
    named = options["tracking_uri"]
    if not named and not options["experiment"] and "uri" in known:
        return Store(known["uri"], known["experiment"]) if known["uri"] else None
    from viewcast.tracking.read.experiments import usual_uri  # noqa: PLC0415

    uri = named or known.get("uri") or usual_uri()
    experiment = options["experiment"] or known.get("experiment") or os.environ.get(EXPERIMENT)
    return Store(_absolute(uri), experiment or USUAL)


class Heard:
    """A recorder that says on standard error, once, that its store cannot be reached."""

    def __init__(self, recorder: "RefereeRuns") -> None:
        self._recorder = recorder
        self._silent = False
        self._lock = threading.Lock()

    def submissions(self, plan: "Plan", submitted: "Sequence[Submitted]") -> None:
        """See ``viewcast.referee.record.Recorder``."""
        self._told(lambda: self._recorder.submissions(plan, submitted))

    def closing(self, closing: "Closing") -> None:
        """See ``viewcast.referee.record.Recorder``."""
        self._told(lambda: self._recorder.closing(closing))

    def outside(self, rows: "pd.DataFrame", submitters: "Collection[str]") -> list[str]:
        """See ``viewcast.referee.record.KnowsReaders``."""
        return self._recorder.outside(rows, submitters)

    def _told(self, tell: Callable[[], None]) -> None:
        with self._lock:
            try:
                tell()
            except TrackingError as error:
                if not self._silent:
                    say(f"warning: {error}")
                self._silent = True
                raise
            if self._silent:
                say("the record in MLflow goes on")
            self._silent = False


def _absolute(uri: str) -> str:
    """The same store from every folder."""
    path = uri.removeprefix(SQLITE)
    if uri.startswith(SQLITE) and not Path(path).is_absolute():
        return f"{SQLITE}{Path(path).absolute()}"
    return uri if ":" in uri else str(Path(uri).absolute())
