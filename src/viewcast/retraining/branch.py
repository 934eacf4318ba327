"""What the nights of a channel keep, as commits on a branch of their own (``retrain.git=commit``).

The branch shares no history with the code. It holds ``nights/<channel>/`` and nothing else, and a
clone that has no nights yet takes them from there. The checked-out branch, the index and the files
of the working tree stay as they are, so `git pull` finds nothing in its way. Somebody else has to
push the branch: a night has no right to.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from viewcast.base import files
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.git import Git, GitError
from viewcast.base.paths import channel_path, days_path
from viewcast.data import live

# What is made anew, what belongs to one machine, and what was refused.
NOT_KEPT = ("refit", "lock", "quarantine")
ATTEMPTS = 5  # another channel may commit to the branch at the same time
NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Branch:
    """The branch ``name`` in the repository of ``root``, for one channel."""

    root: Path
    channel: str
    name: str

    def check(self) -> None:
        """Refuse what the end of the night would refuse, before it begins.

        Raises ConfigError without a repository, for a name that Git does not allow, and for a
        branch that is checked out; DataError where another clone's nights of this branch are newer
        than ours.
        """
        git = Git.at(self.root)
        if not git.does("check-ref-format", self._own):
            raise ConfigError(f"retrain.branch = {self.name!r}: is no name that Git allows")
        if f"branch {self._own}" in git("worktree", "list", "--porcelain").splitlines():
            raise ConfigError(
                f"retrain.branch = {self.name!r}: is checked out; a commit would change it under "
                "your hands: check out another branch, or name another one for the nights"
            )
        if self._days.is_file():
            self._refuse_newer(git)

    def restore(self) -> bool:
        """Take the files of the branch where this clone has no days yet; returns whether it did.

        The days are put in place last, so a call after a kill goes on. A file that is there stays.
        """
        if self._days.is_file():
            return False
        git, kept = Git.at(self.root), channel_path(Path(), self.channel).as_posix()
        newest = self._newest(git)
        if newest is None or not git.does("cat-file", "-e", f"{newest}:{kept}"):
            return False
        with tempfile.TemporaryDirectory() as folder:
            index, place = Path(folder, "index"), Path(folder, "files")
            git("read-tree", f"--prefix={kept}/", f"{newest}:{kept}", index=index)
            git("checkout-index", "--all", f"--prefix={place}/", index=index)
            last = place / self._days.relative_to(self.root)
            found = [path for path in (place / kept).rglob("*") if path.is_file()]
            for path in sorted(found, key=lambda path: (path == last, path)):
                own = self.root / path.relative_to(place)
                if not own.exists():  # such as a habit that was noted before the first night
                    with files.replacing(own) as partial:
                        partial.write_bytes(path.read_bytes())
        if newest != git.commit(self._own):
            git("update-ref", self._own, newest)
        return True

    def commit(self, message: str) -> str | None:
        """Commit what the channel keeps; returns the commit, None where nothing has changed."""
        git = Git.at(self.root)
        for _ in range(ATTEMPTS):
            former = self._newest(git)
            made = self._made(git, former, message)
            if made is None:
                return None
            own = git.commit(self._own) or NO_COMMIT
            if git.does("update-ref", "-m", "viewcast: night", self._own, made, own):
                return made
        raise GitError(
            f"branch {self.name}: was changed by another process {ATTEMPTS} times; run the night "
            "again"
        )

    def _made(self, git: Git, former: str | None, message: str) -> str | None:
        """The commit, on which no branch stands yet."""
        kept = channel_path(Path(), self.channel).as_posix()
        left_out = [f":(exclude){kept}/{name}" for name in NOT_KEPT]
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder, "index")
            if former is not None:
                git("read-tree", former, index=index)
                git(
                    "rm",
                    "-r",
                    "--cached",
                    "--force",
                    "--quiet",
                    "--ignore-unmatch",
                    kept,
                    index=index,
                )
            # --force: the folder is ignored. Hidden files are those of DVC, and half-written ones.
            hidden = f":(exclude,glob){kept}/**/.*"
            git("add", "--force", "--", kept, *left_out, hidden, f"{hidden}/**", index=index)
            tree = git("write-tree", index=index)
        if former is not None and tree == git("rev-parse", f"{former}^{{tree}}"):
            return None
        options = [part for key, value in git.author().items() for part in ("-c", f"{key}={value}")]
        parents = [] if former is None else ["-p", former]
        code = git.commit("HEAD") or "none"
        return git(*options, "commit-tree", tree, *parents, "-m", message, "-m", f"Code: {code}")

    def _newest(self, git: Git) -> str | None:
        """The newest known commit of the branch: ours, or the one that was fetched."""
        own = git.commit(self._own)
        others = self._others(git).values()
        newer = (other for other in others if own is None or self._descends(git, other, own))
        return next(newer, own)

    def _refuse_newer(self, git: Git) -> None:
        own = git.commit(self._own)
        for name, other in self._others(git).items():
            if own is None or not self._descends(git, own, other):
                raise DataError(
                    f"{name}: has nights that this clone has not, so another machine keeps the "
                    f"nights of {self.channel!r} too; nothing was changed. To go on with theirs, "
                    f"move {channel_path(Path(), self.channel)} away and type `git branch -D "
                    f"{self.name}`; to go on with yours, name another retrain.branch"
                )

    @staticmethod
    def _descends(git: Git, later: str, earlier: str) -> bool:
        return git.does("merge-base", "--is-ancestor", earlier, later)

    def _others(self, git: Git) -> dict[str, str]:
        """The commit of the branch on each remote, as it was last fetched, the newest first."""
        listed = git(
            "for-each-ref",
            "--sort=-committerdate",
            "--format=%(refname:short) %(objectname)",
            f"refs/remotes/*/{self.name}",
        )
        return dict(line.rsplit(" ", 1) for line in listed.splitlines())

    @property
    def _own(self) -> str:
        return f"refs/heads/{self.name}"

    @property
    def _days(self) -> Path:
        return days_path(self.root, self.channel) / live.DAILY
