"""Pictures as artifacts of the runs they show."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from viewcast.base.settings import Tracking
from viewcast.tracking.store import all_runs, connect, related

FOLDER = "pictures"


class Shown(Protocol):
    """A picture on disk and the runs it shows."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def run_ids(self) -> list[str]:
        """The runs, by MLflow's identity."""


def show(pictures: Iterable[Shown], tracking: Tracking) -> None:
    """Store every picture under ``pictures/`` of each run in it that the store knows."""
    client, _ = connect(tracking)
    everywhere = related(client, tracking.experiment)
    known = {run.info.run_id for run in all_runs(client, everywhere)}
    for picture in pictures:
        for run_id in known.intersection(picture.run_ids):
            client.log_artifact(run_id, str(picture.path), FOLDER)
