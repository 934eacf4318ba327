"""DVC, asked to keep the new days and to recompute what follows from them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from viewcast.base.errors import ViewcastError
from viewcast.base.settings import Tracking

PIPELINE = "pipelines/nightly/dvc.yaml"
TOLD = 30  # last lines of DVC that an error repeats
# What stages of a night read from the environment: it decides no result, so DVC need not know.
LIVE, BATCH_ID = "VIEWCAST_LIVE", "VIEWCAST_BATCH_ID"
STORE = ("VIEWCAST_TRACKING_URI", "VIEWCAST_EXPERIMENT", "VIEWCAST_ARTIFACTS")


class ReproduceError(ViewcastError):
    """DVC could not do it; its last lines say why."""


@dataclass(frozen=True)
class Dvc:
    """DVC in ``root``; ``lock``: the descriptor of the night's lock, which it inherits."""

    root: Path
    lock: int

    def bring(self) -> None:
        """Bring the data that Git knows of, in a clone that has none yet."""
        if not (self.root / "data").is_dir():
            self._run("pull", "--quiet", "data.dvc")

    def keep(self) -> None:
        """Bring ``data.dvc`` up to what lies in ``data/``."""
        self._run("add", "--quiet", "data")

    def reproduce(self) -> list[str]:
        """Recompute what the new days change; the stages that ran."""
        mark = "Running stage '"
        lines = self._run("repro", PIPELINE).splitlines()
        return [line.split("'")[1].split(":")[-1] for line in lines if line.startswith(mark)]

    def _run(self, *arguments: str) -> str:
        # Stages say `python`: the one that runs this, wherever a scheduler's PATH leads.
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
            last = "\n  ".join(done.stdout.strip().splitlines()[-TOLD:])
            raise ReproduceError(f"dvc {' '.join(arguments)} exits {done.returncode}:\n  {last}")
        return done.stdout


def tell_stages(label: str, batch_id: str, tracking: Tracking) -> None:
    """Put into the environment what the stages of a night shall know."""
    os.environ[LIVE], os.environ[BATCH_ID] = label, batch_id
    known = dict(zip(STORE, (tracking.uri, tracking.experiment, tracking.artifacts), strict=True))
    os.environ.update({name: value for name, value in known.items() if value is not None})
