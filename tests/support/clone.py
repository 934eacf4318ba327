"""A fresh clone of the repository, worked on as a user would: make, dvc, python."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
# The audit counts looks by user, and dvc.lock has the hash of what it said to this one.
OF_THE_LOCK = "root"


@dataclass(frozen=True)
class Clone:
    """A clone in ``root``, with ``home`` as the user's home directory.

    It borrows the environment that runs the tests, which a clone of a stranger would make anew
    from the same lock file.
    """

    root: Path
    home: Path

    @classmethod
    def of_repository(cls, folder: Path) -> "Clone":
        root, home = folder / "viewcast", folder / "home"
        home.mkdir(parents=True)
        subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(root)], check=True)
        clone = cls(root, home)
        clone.sh("git", "config", "user.name", "test")
        clone.sh("git", "config", "user.email", "test@example.org")
        return clone

    def copy(self, folder: Path) -> "Clone":
        shutil.copytree(self.root, folder / "viewcast", symlinks=True)
        shutil.copytree(self.home, folder / "home")
        return Clone(folder / "viewcast", folder / "home")

    @property
    def environment(self) -> dict[str, str]:
        """What a command in the clone reads."""
        return {
            **os.environ,
            "HOME": str(self.home),
            "LOGNAME": OF_THE_LOCK,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.root / "src"),
            "COLUMNS": "200",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def sh(self, *command: str, status: int = 0) -> str:
        """Run a command in the clone; its output. Fails unless it exits with ``status``."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def make(self, *arguments: str, status: int = 0) -> str:
        return self.sh(*self.making(*arguments), status=status)

    def making(self, *arguments: str) -> list[str]:
        """The command that makes something in the clone."""
        return ["make", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.ready", *arguments]

    def edit(self, file: str, before: str, after: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert text.count(before) == 1, f"{before!r} is not once in {file}"
        path.write_text(text.replace(before, after))


def stages_run(output: str) -> list[str]:
    """The stages that DVC says it ran."""
    mark = "Running stage '"
    return [line.split("'")[1] for line in output.splitlines() if line.startswith(mark)]


def summary(clone: Clone) -> list[dict[str, object]]:
    """The table of the runs of the pipeline, as `evaluate` wrote it."""
    return list(json.loads((clone.root / "reports" / "summary.json").read_text()))
