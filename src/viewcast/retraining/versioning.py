"""The days of a channel under DVC, and their refit as a stage of DVC.

The folder of a channel, ``nights/<channel>``, is a DVC project of its own, without Git: a night
changes neither a tracked file nor the project's ``data.dvc``. One ``dvc repro`` keeps the days in
the cache (``days.dvc``) and runs the stage ``refit`` if days, settings or code have changed
(``dvc.lock``). The stage is written from the template ``pipelines/refit.dvc.yaml``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from viewcast.base import children, files
from viewcast.base.errors import ConfigError, ViewcastError
from viewcast.base.paths import (
    channel_path,
    code_of_refit_path,
    days_path,
    refit_template_path,
    settings_of_refit_path,
)
from viewcast.base.provenance import code_digest, imported
from viewcast.retraining.remote import CONFIG, LOCAL, config_of, is_ours

SHOWN_LINES = 30  # last lines of DVC's output that an error message repeats
WRITTEN = "# Written by every night: a change here is lost.\n"
SCRIPT = "refit.py"  # beside the template


class DvcError(ViewcastError):
    """DVC failed; the message holds the last lines of its output."""


class Versioning(Protocol):
    """What a night needs of DVC."""

    def prepare(self) -> None:
        """Make the folder of the channel a DVC project, if it is none yet."""

    def repro(self, settings: Mapping[str, Any]) -> list[str]:
        """Keep the present days and refit what they change; returns the stages that ran.

        ``settings``: all that decides the refit but the days, as plain values, with the identity of
        each recipe's code. The stage finds them in ``settings.json``.
        """

    def days_hash(self) -> str:
        """The hash of the days that ``repro`` has kept."""

    def push(self) -> None:
        """Copy what is kept to the remote of the nights, if they have one."""


@dataclass(frozen=True)
class Dvc:
    """DVC in the folder of a channel.

    ``lock``: the descriptor of the night's lock, which child processes inherit. ``remote``: a name
    from the project's DVC configuration, or a place that DVC can push to; None for none. Every
    method raises DvcError where DVC fails.
    """

    root: Path
    channel: str
    lock: int
    remote: str | None = None

    @property
    def folder(self) -> Path:
        """The folder of the channel."""
        return channel_path(self.root, self.channel)

    def prepare(self) -> None:
        """Make the folder a DVC project, if it is none yet.

        Refuses (ConfigError), before any change, a remote that is not there or that Git tracks, and
        a folder that is somebody else's DVC project.
        """
        wanted = config_of(self.root, self.remote)
        self._check_ours()
        self.folder.mkdir(parents=True, exist_ok=True)
        own = self.folder / ".dvc"
        if not (own / "config").is_file():  # the last thing that `dvc init` makes
            self._run("init", "--no-scm", "--force", "--quiet")
        for name in (CONFIG, LOCAL):
            if name in wanted:
                _write(own / name, wanted[name])
            else:
                (own / name).unlink(missing_ok=True)
        _write(self.folder / "dvc.yaml", stage(self.root, self.channel))

    def repro(self, settings: Mapping[str, Any]) -> list[str]:
        """Keep the present days and refit what they change; returns the stages that ran.

        Raises DvcError where the stage fails; the message holds its last lines.
        """
        for path, value in {
            settings_of_refit_path(self.root, self.channel): settings,
            code_of_refit_path(self.root, self.channel): {"code": code_of_refit(self.root)},
        }.items():
            _write(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        if not self._kept.is_file():
            self._run("add", "--quiet", days_path(self.root, self.channel).name)
        lines = self._run("repro").splitlines()  # it brings `days.dvc` up to date, too
        return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]

    def days_hash(self) -> str:
        """The hash of the days that ``repro`` has kept; "none" before the first."""
        if not self._kept.is_file():
            return "none"
        return str(yaml.safe_load(self._kept.read_text(encoding="utf-8"))["outs"][0]["md5"])

    def push(self) -> None:
        """Copy the days to the remote, if there is one."""
        if self.remote is not None:
            self._run("push", "--quiet")

    def _check_ours(self) -> None:
        pipeline = self.folder / "dvc.yaml"
        written = not pipeline.is_file() or pipeline.read_text("utf-8").startswith(WRITTEN)
        if not (written and is_ours(self.folder / ".dvc")):
            raise ConfigError(
                f"{self.folder}: is a DVC project that no night made, or one whose dvc.yaml or "
                ".dvc was changed by hand; nothing was changed: move it away, or name another "
                "retrain.channel (the remote of nights is named by retrain.remote)"
            )

    @property
    def _kept(self) -> Path:
        days = days_path(self.root, self.channel)
        return days.with_name(f"{days.name}.dvc")

    def _run(self, *arguments: str) -> str:
        # The stages call `python`: it has to be this interpreter, whatever PATH the scheduler sets.
        done = children.run(
            [sys.executable, "-m", "dvc", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": children.search_path(), "DVC_NO_ANALYTICS": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self.lock],
        )
        if done.returncode:
            last = "\n  ".join(done.stdout.strip().splitlines()[-SHOWN_LINES:])
            raise DvcError(
                f"`dvc {' '.join(arguments)}` exits {done.returncode} in {self.folder}; mend what "
                f"its last lines say and run the night again:\n  {last}"
            )
        return done.stdout


def stage(root: Path, channel: str) -> str:
    """The ``dvc.yaml`` of a channel: the template with its name."""
    template = refit_template_path(root)
    text = yaml.safe_dump({"vars": [{"channel": channel}]})
    return f"{WRITTEN}{text}{template.read_text(encoding='utf-8')}"


def code_of_refit(root: Path) -> str:
    """The identity of all code that the script of the stage can reach, but for that of recipes.

    Comments and layout do not count. That of the recipes is in the settings of the refit.
    """
    modules = imported(refit_template_path(root).with_name(SCRIPT))
    return code_digest(*sorted(name for name in modules if name.startswith("viewcast.")))


def _write(path: Path, text: str) -> None:
    """Write a file that a former night may have written, only if it changes."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        files.write(path, text)
