"""The tables of a store in a database: an audit must not migrate them.

MLflow brings the tables of an older store up to its own version as soon as it opens the file, and
the older MLflow beside the user's code cannot open it any more. So a SQLite store of an older
MLflow is copied first, and the copy is read; one in WAL mode in a folder that cannot be written to,
too. Nothing is created in a database that is no store.
"""

import atexit
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from mlflow import MlflowClient

from viewcast.base.errors import TrackingError

SQLITE = "sqlite:///"
COPY = "viewcast-store-"
READ_ONLY = f"{COPY}read-only-"
_copies: dict[str, str] = {}  # addresses of the copies of this process, and of what they are of


def untouched(uri: str) -> str:
    """The uri to read a store by: its own, or that of a copy if MLflow would migrate its tables, or
    could not open it.

    A copy lies in the folder of temporary files until the process ends. Raises TrackingError for a
    SQLite file that is no store of MLflow, or that of a newer MLflow than the installed one.
    """
    if not uri.startswith(SQLITE):
        return uri
    # Both take a second to import: a store behind a server needs neither.
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415
    from mlflow.store.db import utils  # noqa: PLC0415

    file = Path(uri.removeprefix(SQLITE))
    if _is_written_ahead(file) and not os.access(file.parent, os.W_OK):
        log = file.with_name(f"{file.name}-wal")
        changed = [each.stat().st_mtime_ns for each in (file, log) if each.is_file()]
        file = _with_log(file.resolve(), log.resolve(), *changed)
        _copies[f"{SQLITE}{file}"] = uri
        uri = f"{SQLITE}{file}"
    found = _revision(file)
    if found == utils._get_latest_schema_revision():
        return uri
    scripts = ScriptDirectory.from_config(utils._get_alembic_config(uri))
    try:
        known = found is not None and scripts.get_revision(found) is not None
    except CommandError:
        known = False
    if not known:
        raise TrackingError(
            f"tracking uri = {uri}: its tables ({found or 'without a version'}) are not those of a "
            "store that the installed MLflow knows; name the file of the store, or, if a newer "
            "MLflow wrote it, install that one: pip install --upgrade mlflow-skinny"
        )
    copy = SQLITE + str(_copied(file.resolve(), file.stat().st_mtime_ns))
    _copies[copy] = original(uri)
    return copy


def original(uri: str) -> str:
    """The address of the store that a copy is of; of any other store its own."""
    return _copies.get(uri, uri)


def check_writable(client: MlflowClient) -> None:
    """Refuse (TrackingError) to write to the copy of a store."""
    if READ_ONLY in client.tracking_uri:
        raise TrackingError(
            "the folder of the store cannot be written to, so a copy of it was read. Leave --write "
            "out, or make the folder writable"
        )
    if is_copy(client):
        raise TrackingError(
            "the store is of an older MLflow, and writing to it would migrate its tables, so that "
            "the older one cannot open it. Leave --write out, or migrate it yourself: "
            "mlflow db upgrade <tracking uri>"
        )


def is_copy(client: MlflowClient) -> bool:
    """Whether a client reads the copy of a store."""
    return COPY in client.tracking_uri


def _is_written_ahead(file: Path) -> bool:
    """Whether a database is in WAL mode, by its header (https://sqlite.org/fileformat.html)."""
    with file.open("rb") as opened:
        return opened.read(20)[18:] == b"\x02\x02"


@cache
def _with_log(file: Path, log: Path, *_changed: int) -> Path:
    """A copy of a database in WAL mode and of its log: SQLite opens none in a read-only folder."""
    copy = _temporary(READ_ONLY) / file.name
    shutil.copy(file, copy)
    if log.is_file():
        shutil.copy(log, copy.with_name(log.name))
    return copy


def _temporary(beginning: str) -> Path:
    """A new folder that goes when the process ends."""
    folder = tempfile.mkdtemp(prefix=beginning)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _revision(file: Path) -> str | None:
    """The version of the tables; None where the file names none."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        try:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError:
            return None
    return None if row is None else str(row[0])


@cache
def _copied(file: Path, _changed: int) -> Path:
    """A copy of a database, made once for each state of the file; it goes when the process ends."""
    copy = _temporary(COPY) / file.name
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy
