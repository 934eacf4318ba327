"""Data versioning: what a night asks of DVC, and DVC as a child process."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from viewcast.base.errors import ViewcastError
from viewcast.base.settings import Tracking

PIPELINE = "pipelines/nightly/dvc.yaml"
SHOWN_LINES = 30  # last lines of DVC's output that an error message repeats
# Variables that the stages of a night read. They decide no result, so DVC need not track them.
LABEL, BATCH_ID = "VIEWCAST_LIVE", "VIEWCAST_BATCH_ID"
STORE = ("VIEWCAST_TRACKING_URI", "VIEWCAST_EXPERIMENT", "VIEWCAST_ARTIFACTS")


class DvcError(ViewcastError):
    """DVC failed; the message holds the last lines of its output."""


class DataVersioning(Protocol):
    """The commands of DVC that a night needs."""

    def pull(self) -> None:
        """Fetch the data that Git knows of, where there are none yet."""

    def add(self) -> None:
        """Update ``data.dvc`` to the present content of ``data/``."""

    def repro(self) -> list[str]:
        """Recompute what the new days change; returns the names of the stages that ran."""


@dataclass(frozen=True)
class Dvc:
    """DVC in ``root``. ``lock``: the descriptor of the night's lock, which child processes inherit.

    Every method raises DvcError where DVC fails.
    """

    root: Path
    lock: int

    def pull(self) -> None:
        """Fetch ``data/`` in a clone that has none yet."""
        if not (self.root / "data").is_dir():
            self._run("pull", "--quiet", "data.dvc")

    def add(self) -> None:
        """Update ``data.dvc`` to the present content of ``data/``."""
        self._run("add", "--quiet", "data")

    def repro(self) -> list[str]:
        """Recompute what the new days change; returns the names of the stages that ran."""
        prefix = "Running stage '"
        lines = self._run("repro", PIPELINE).splitlines()
        return [line.split("'")[1].split(":")[-1] for line in lines if line.startswith(prefix)]

    def _run(self, *arguments: str) -> str:
        # The stages call `python`: it has to be this interpreter, whatever PATH the scheduler sets.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        done = subprocess.run(
            [sys.executable, "-m", "dvc", *arguments],
            cwd=self.root,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            pass_fds=[self.lock],
        )
        if done.returncode:
            last = "\n  ".join(done.stdout.strip().splitlines()[-SHOWN_LINES:])
            raise DvcError(
                f"`dvc {' '.join(arguments)}` exits {done.returncode}; mend what its last lines "
                f"say and run the night again:\n  {last}"
            )
        return done.stdout


def set_stage_environment(label: str, batch_id: str, tracking: Tracking) -> None:
    """Set the environment variables that the stages of a night read.

    ``label``: of the channel. ``batch_id``: the runs of a night are one batch of looks.
    """
    os.environ[LABEL], os.environ[BATCH_ID] = label, batch_id
    store = dict(zip(STORE, (tracking.uri, tracking.experiment, tracking.artifacts), strict=True))
    os.environ.update({name: value for name, value in store.items() if value is not None})
