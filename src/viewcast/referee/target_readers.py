"""Who could read the targets beside the referee? Its answers are worth something only to others.

The modes of files are known, and of a submitter on the same machine the user is
(``viewcast.referee.peers``). Where the system does not tell, nothing is claimed.
"""

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from shlex import quote

from viewcast.referee.peers import Address, user_of

READ, SEARCH = 4, 1
ROOT = 0


class TargetReaders:
    """``folder``: of the referee; ``table``: the rows as the user gave them, None where they are
    gone. ``note``: is told each deviation, once.
    """

    def __init__(self, folder: Path, table: Path | None, note: Callable[[str], object]) -> None:
        self._folder, self._table, self._note = folder.absolute(), table, note
        self._known: set[tuple[str, int]] = set()
        self._last: dict[str, Address] = {}
        self._lock = threading.Lock()

    def warning(self) -> str | None:
        """What is wrong with the mode of the table now, and the command that mends it. The folder
        is made its user's alone where it is opened.
        """
        if self._table is None or not _others(self._table):
            return None
        return (
            f"{self._table}: other users can read the targets in it (mode {_mode(self._table)}); "
            f"type: chmod 600 {quote(str(self._table))}"
        )

    def seen(self, submitter: str, peer: Address, here: Address) -> None:
        """A submitter has asked from this address: could its user have read the targets?"""
        with self._lock:
            if self._last.get(submitter) == peer:  # the same connection; the kernel takes its time
                return
            self._last[submitter] = peer
            user = user_of(peer, here)
            if user is None:
                return
            if (submitter, user) in self._known:
                return
            sentence = self._deviation(submitter, user)
            if sentence is not None:
                self._known.add((submitter, user))
                self._note(sentence)

    def _deviation(self, submitter: str, user: int) -> str | None:
        own = os.geteuid()
        if user == own:
            return (
                f"submitter {submitter} runs as the referee's own user ({_name(user)}), who can "
                "read the targets"
            )
        if user == ROOT:
            return f"submitter {submitter} runs as root, who can read the targets"
        places = [self._folder / "rows.parquet", *([self._table] if self._table else [])]
        for place in places:
            if _may_read(place, user, _groups(user)):
                return (
                    f"submitter {submitter} runs as user {_name(user)}, who can read the targets "
                    f"in {place} (mode {_mode(place)})"
                )
        return None


def _others(path: Path) -> bool:
    """Whether users can read a file, or a folder, who do not own it."""
    if os.name != "posix" or not path.exists():
        return False
    nobody = -1
    return _may_read(path, nobody, ()) or _may_read(path, nobody, (path.stat().st_gid,))


def _may_read(path: Path, user: int, groups: Iterable[int]) -> bool:
    """Whether a user can read a file, by the modes of it and of the folders that lead to it."""
    try:
        real = path.resolve(strict=True)
        steps = [(real, READ), *((folder, SEARCH) for folder in real.parents)]
        return all(_granted(place.stat(), user, groups, right) for place, right in steps)
    except OSError:
        return False


def _granted(place: os.stat_result, user: int, groups: Iterable[int], right: int) -> bool:
    if user in (ROOT, place.st_uid):  # an owner can give himself the right
        return True
    bits = place.st_mode >> 3 if place.st_gid in groups else place.st_mode
    return bool(bits & right)


def _groups(user: int) -> list[int]:
    if sys.platform == "win32":
        return []
    import pwd  # noqa: PLC0415 (Windows has none)

    try:
        entry = pwd.getpwuid(user)
        return os.getgrouplist(entry.pw_name, entry.pw_gid)
    except (KeyError, OSError):
        return []


def _name(user: int) -> str:
    if sys.platform == "win32":
        return str(user)
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):03o}"
