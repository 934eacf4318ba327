"""The SQLite store of a project writes ahead: recording does not wait for the disk.

By default SQLite waits for the disk twice in each transaction, and MLflow makes about six of them
for a run. In WAL mode (write-ahead log, https://sqlite.org/wal.html) with ``synchronous=NORMAL`` a
transaction is added to a file beside the database, and SQLite waits only where it moves that file's
content into the database. A loss of power may lose the last transactions, and never the database; a
process that is killed loses nothing. Readers and a writer do not wait for each other.

The mode is a property of the file, so it is set only in a store that holds nothing but runs of
viewcast, on a file system of this machine: the processes share memory, which hosts cannot. All
other stores stay as they are. Beside a database in this mode lie ``-wal`` and ``-shm``; who copies
the database while it is in use copies it by ``sqlite3 <file> .backup``.
"""

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from viewcast.tracking.tags import DATA

MOUNTS = Path("/proc/self/mountinfo")
# File systems of one machine. On any other (nfs, cifs, 9p, virtiofs) other hosts may write too.
LOCAL = {"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"}
OTHERS = f"""
SELECT count(*) FROM experiments WHERE name != 'Default' AND experiment_id NOT IN
(SELECT experiment_id FROM experiment_tags WHERE key = '{DATA}')
"""
_written_ahead: set[str] = set()  # databases of this process


def write_ahead(database: Path) -> None:
    """Let the store in this file write ahead, where it is ours and on a local file system.

    The file may not be there yet: MLflow then makes its tables in it. A store that another process
    holds at this moment stays as it is until next time.
    """
    if not is_local(database):
        return
    try:
        with closing(sqlite3.connect(database, timeout=1.0)) as opened:
            mode = str(opened.execute("PRAGMA journal_mode").fetchone()[0])
            mode = mode if mode == "wal" else _switched(opened)
    except sqlite3.DatabaseError:  # in use, not to be written to, or no database: MLflow will tell
        return
    if mode == "wal":
        _written_ahead.add(str(database.resolve()))
        _listen()


def is_local(path: Path) -> bool:
    """Whether a file lies, or would lie, on a file system that no other host writes to.

    False where the system does not say, as on macOS and Windows.
    """
    place = path.resolve()
    if not MOUNTS.is_file():
        return False
    kinds: dict[Path, str] = {}
    for line in MOUNTS.read_text(encoding="utf-8").splitlines():
        mount, _, source = line.partition(" - ")
        kinds[Path(_unescaped(mount.split()[4]))] = source.split()[0]  # the last one covers others
    within = [mount for mount in kinds if place.is_relative_to(mount)]
    return kinds[max(within, key=lambda mount: len(mount.parts))] in LOCAL if within else False


def _unescaped(mount: str) -> str:
    """Blanks and backslashes of a path stand as octal numbers in the table of mounts."""
    return re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), mount)


def _switched(opened: sqlite3.Connection) -> str:
    """The mode of the file after it was asked to write ahead."""
    tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master")]
    ours = not tables or ("experiments" in tables and opened.execute(OTHERS).fetchone()[0] == 0)
    if not ours:
        return "delete"
    return str(opened.execute("PRAGMA journal_mode=WAL").fetchone()[0])


@cache
def _listen() -> None:
    """Set the mode of waiting in every connection that MLflow opens to such a database."""
    from sqlalchemy import event  # noqa: PLC0415 (a store behind a server needs none)
    from sqlalchemy.engine import Engine  # noqa: PLC0415

    @event.listens_for(Engine, "connect")
    def wait_less(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            files = connection.execute("PRAGMA database_list").fetchall()
            if any(str(Path(file).resolve()) in _written_ahead for _, _, file in files if file):
                connection.execute("PRAGMA synchronous=NORMAL")
