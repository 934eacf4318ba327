"""The journal of a referee: one line of JSON for each thing that happened, never changed again.

Each line has a hash of itself and of the line before, the first one of the plan: a line that is
edited, left out or put in shows. A line is on the disk before anybody hears of it.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from viewcast.base.errors import DataError
from viewcast.base.files import wait_for_disk
from viewcast.base.parse import json_of

HASH = "hash"
BACKUP = "take the folder from a backup, or start another referee with new rows"


class Journal:
    """An open journal, at its end. ``path``: the file; ``last``: the hash of its last line.
    ``torn``: where a line begins that a crash has torn, or that lacks its end alone (``cut`` tells
    which); None for neither.
    """

    def __init__(
        self, path: Path, descriptor: int, last: str, torn: int | None = None, cut: bool = False
    ) -> None:
        self.path = path
        self._descriptor: int | None = descriptor
        self.last = last
        self._torn, self._cut = torn, cut

    @classmethod
    def open(cls, path: Path, seed: str) -> tuple["Journal", list[dict[str, Any]]]:
        """Open a journal, or make an empty one (mode 0600); its lines, the oldest first.

        ``seed``: the hash of the plan. A line that a crash has torn is none, for nobody has heard
        of it: ``mend`` cuts it off. Refuses (DataError), with its number, a line that is not as it
        was written.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            content = _content(descriptor)
            whole = content.rfind(b"\n") + 1
            lines, last = _lines(path, content[:whole], seed)
            torn, cut = (whole if whole < len(content) else None), True
            if torn is not None:
                with suppress(DataError):  # somebody's editor took the end of the last line
                    lines, last = _lines(path, content + b"\n", seed)
                    cut = False
            os.fsync(descriptor)
            wait_for_disk(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor, last, torn, cut), lines

    def mend(self) -> None:
        """Cut off a line that a crash has torn, or end one that lacks its end alone.

        Whoever finds that the lines are not those of their folder has then changed nothing.
        """
        if self._torn is None or self._descriptor is None:
            return
        if self._cut:
            os.ftruncate(self._descriptor, self._torn)
        else:
            _write(self._descriptor, b"\n")
        os.fsync(self._descriptor)
        self._torn = None

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add a line and wait until it is on the disk.

        An error (OSError: the disk is full) leaves the journal as it was. Raises DataError once
        that has failed too: nobody knows then what is on the disk until it is opened again.
        """
        if self._descriptor is None:
            raise DataError(
                f"{self.path}: is not open, or could not be written; start the referee again"
            )
        self.mend()
        hashed = _hash(self.last, entry)
        line = (json.dumps({**entry, HASH: hashed}, ensure_ascii=False) + "\n").encode()
        before = os.fstat(self._descriptor).st_size
        descriptor, self._descriptor = self._descriptor, None  # an interrupt leaves it in doubt
        try:
            _write(descriptor, line)
            os.fsync(descriptor)
        except BaseException:
            self._take_back(descriptor, before)
            raise
        self.last = hashed
        self._descriptor = descriptor

    @property
    def is_open(self) -> bool:
        """Whether lines can be added."""
        return self._descriptor is not None

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take_back(self, descriptor: int, size: int) -> None:
        try:
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
        else:
            self._descriptor = descriptor


def _content(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read()


def _write(descriptor: int, line: bytes) -> None:
    done = 0
    while done < len(line):
        done += os.write(descriptor, line[done:])


def _lines(path: Path, content: bytes, seed: str) -> tuple[list[dict[str, Any]], str]:
    found, last = [], seed
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        where = f"{path}, line {number}"
        try:
            entry = json_of(line)
            told = entry.pop(HASH)
        except (ValueError, AttributeError, LookupError, TypeError) as error:
            raise DataError(f"{where}: is damaged ({type(error).__name__}); {BACKUP}") from error
        last = _hash(last, entry)
        if told != last:
            raise DataError(
                f"{where}: is not as it was written, or a line before it is missing, or the plan "
                f"was changed; {BACKUP}"
            )
        found.append(entry)
    return found, last


def _hash(before: str, entry: Mapping[str, Any]) -> str:
    text = json.dumps([before, entry], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
