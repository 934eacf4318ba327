"""One retraining at a time.

The lock is a kernel lock on an open file. It ends with the last process that holds the file open,
so nothing is left to clean up after a kill. The child processes of a night inherit it: if DVC
outlives its killed night, no other night can start before DVC ends. (The library `filelock` closes
its file in child processes.)
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viewcast.base.errors import LockedError


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Hold the lock; yields the descriptor for child processes.

    Raises LockedError where another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(
                f"{path}: another retraining is at work on this project; wait for its end"
            ) from error
        yield descriptor
    finally:
        os.close(descriptor)
