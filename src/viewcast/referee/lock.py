"""One process has a referee: two would give the same answer out twice.

A kernel lock on an open file: it ends with the process, however that ends, so nothing is left to
clean up after a kill.
"""

import fcntl
import os
from pathlib import Path

from viewcast.base.errors import LockedError


class Lock:
    """Held from ``Lock.of`` until ``release``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def of(cls, path: Path) -> "Lock":
        """Take the lock. Raises LockedError where another process, or this one, has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise LockedError(
                f"{path}: another process has this referee; talk to that one, or end it first"
            ) from error
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let others take it; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
