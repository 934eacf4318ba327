"""The files of deploy/ as its tests read them, and its scripts, run without what they start."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from viewcast.retraining.outcome import CODES

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
HOME = "/srv/viewcast"
AS_IT_SHOULD = {CODES["served"], CODES["nothing new"], CODES["kept"], CODES["promoted"]}
RETRIED = {CODES["unreachable"]}


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def every_file() -> list[Path]:
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def workflow() -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for true.
    loaded: dict[Any, Any] = yaml.safe_load(text("github/retrain.yml"))
    return {"on" if key is True else key: value for key, value in loaded.items()}


def step(key: str, value: str) -> dict[str, Any]:
    """The one step of the workflow with this ``id`` or ``name``."""
    (found,) = (one for one in workflow()["jobs"]["retrain"]["steps"] if one.get(key) == value)
    return dict(found)


def resources() -> dict[str, dict[str, Any]]:
    documents = [
        document
        for name in ("cronjob", "setup")
        for document in yaml.safe_load_all(text(f"kubernetes/{name}.yaml"))
    ]
    return {document["kind"]: document for document in documents}


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit file: a setting may come more than once."""
    settings: dict[str, list[str]] = {}
    for line in text(f"systemd/{name}").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            settings.setdefault(key, []).append(value)
    return settings


def recipes() -> dict[str, str]:
    blocks = re.findall(r"^```python\n(.*?)^```$", text("README.md"), re.DOTALL | re.MULTILINE)
    return {
        next(name for name in ("airflow", "dagster", "prefect") if name in block): block
        for block in blocks
    }


def job_line() -> str:
    (line,) = (line for line in text("crontab").splitlines() if re.match(r"[\d*]", line))
    return line


def project(folder: Path) -> Path:
    """A project whose interpreter writes down what it was called with, says so, and exits."""
    programs = folder / "srv" / ".venv" / "bin"
    programs.mkdir(parents=True)
    program(programs / "python", 'echo "$@" >"$CALLED"; echo one night; exit "$EXITS"')
    return folder / "srv"


def program(path: Path, script: str) -> None:
    """An executable in place of the real one."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(
    script: str, project: Path, shell: str = "sh", code: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of deploy/ in a ``project`` whose command exits with ``code``."""
    known = {"EXITS": str(code), "CALLED": str(project / "called"), **environment}
    return subprocess.run(
        [shell, "-c", script],
        cwd=project,
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        check=False,
    )


def called(project: Path) -> str:
    """The arguments of the command."""
    return (project / "called").read_text().strip()
