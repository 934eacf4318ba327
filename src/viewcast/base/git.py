"""Git as a child process, on references and objects: never on the checked-out branch.

The index and the files of the working tree stay as they are: an index of its own is given with
``index``.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from viewcast.base.errors import ConfigError, ViewcastError

NOBODY = ("viewcast", "viewcast@localhost")  # where Git knows no name
LEFT_OUT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")  # set inside of a hook


class GitError(ViewcastError):
    """Git failed; the message holds what it said."""


@dataclass(frozen=True)
class Git:
    """The repository that ``root`` lies in; paths are relative to ``root``, its top or not."""

    root: Path
    folder: str  # of Git: `.git`, or that of a worktree

    @classmethod
    def at(cls, root: Path) -> Self:
        """Refuses (ConfigError) a folder that is in no repository."""
        done = _call(["-C", str(root), "rev-parse", "--absolute-git-dir"], {})
        if done.returncode:
            said = done.stderr.strip()
            raise ConfigError(f"{root}: found no repository of Git ({said}); expected a clone")
        return cls(root, done.stdout.strip())

    def __call__(self, *arguments: str, index: Path | None = None) -> str:
        """What a command prints, without the end of its last line; raises GitError."""
        done = self._run(arguments, index)
        if done.returncode:
            said = "\n  ".join(done.stderr.strip().splitlines())
            raise GitError(f"`git {' '.join(arguments)}` exits {done.returncode}:\n  {said}")
        return done.stdout.rstrip("\n")

    def does(self, *arguments: str) -> bool:
        """Whether a command that answers by its exit code says yes."""
        return self._run(arguments, None).returncode == 0

    def commit(self, name: str) -> str | None:
        """The commit of a branch or reference; None if there is none."""
        found = self._run(("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"), None)
        return found.stdout.strip() or None

    def _run(
        self, arguments: tuple[str, ...], index: Path | None
    ) -> "subprocess.CompletedProcess[str]":
        places = {"GIT_DIR": self.folder, "GIT_WORK_TREE": str(self.root)}
        if index is not None:
            places["GIT_INDEX_FILE"] = str(index)
        return _call(["-C", str(self.root), *arguments], places)

    def author(self) -> dict[str, str]:
        """Options that name an author where Git knows none, as on a hosted machine."""
        if self.does("var", "GIT_AUTHOR_IDENT") and self.does("var", "GIT_COMMITTER_IDENT"):
            return {}
        return dict(zip(("user.name", "user.email"), NOBODY, strict=True))


def _call(arguments: list[str], places: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    try:
        return subprocess.run(
            ["git", *arguments],
            env={**kept, **places, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # of paths in what it says
            check=False,
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"found no program `git` on PATH ({os.environ.get('PATH', 'not set')}); expected it "
            "there: nights that keep what they know on a branch (retrain.git=commit) need it"
        ) from error
