"""One retraining at a time.

The lock is one of the kernel's on an open file, which ends with the last process that holds the
file open: nothing is left to clean up after a kill. The programs that a night starts inherit it, so
that a DVC which outlives its killed night keeps the next one from starting in the middle of it
(the library `filelock` closes its file in children).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viewcast.base.errors import LockedError


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Hold the lock; gives the descriptor to pass on. Raises LockedError where another holds it."""
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
